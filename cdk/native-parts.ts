import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from '../lib/config.ts';
import { UnavailableError } from '../lib/core/errors.ts';
import { bundleScript } from './bundle.ts';

/** What the functions run on: Graviton, Amazon Linux 2023 (glibc 2.34). */
export const platform = { os: 'linux', cpu: 'arm64' } as const;

/** An npm package of prebuilt libraries that npm installs on arm64 machines only. Version and integrity are those of package-lock.json; a test holds them to it. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** The packages that sharp loads on linux/arm64. */
export const sharpParts: readonly NativePackage[] = [
  {
    name: '@img/sharp-linux-arm64',
    version: '0.35.5',
    integrity: 'sha512-LYVx5JTsOM2CBzmxreh+nl64/3H6Xb09iSLknqH47z2T2DFFxDeFLP5y4dJwe6H7uGQlHPyEEtIqyo3DYsRwdQ==',
  },
  {
    name: '@img/sharp-libvips-linux-arm64',
    version: '1.3.4',
    integrity: 'sha512-Y3dgX/6lE2QhQb+Gxy0WZxfg9MEm/JBjamZpS2IklP7xIQoKN4hzAm7KcMVGtaVDt3neE9OKBC7vAfonA/Lr1A==',
  },
];

const runtimePackages = ['onnxruntime-node', 'onnxruntime-common'] as const;

/**
 * Lays the packages that cannot go into a bundle into `<folder>/node_modules`, for linux/arm64 and nothing else: ONNX Runtime with its binding, and the
 * libraries of sharp. Those of sharp are fetched once and kept in the user's cache, as npm leaves them out on any other machine.
 * @throws UnavailableError when they are not in the cache and cannot be fetched
 */
export function layNativeParts(folder: string): void {
  const modules = join(folder, 'node_modules');
  for (const name of runtimePackages) copyPackage(installedPackage(name), join(modules, name), isOfRuntime);
  for (const part of sharpParts) copyPackage(cachedPackage(part), join(modules, part.name), isOfSharp);
}

function installedPackage(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!isPackage(folder, name)) folder = dirname(folder);
  return folder;
}

function isPackage(folder: string, name: string): boolean {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === name;
}

function cachedPackage({ name, version, integrity }: NativePackage): string {
  const folder = join(cacheFolder(), 'native-parts', `${basename(name)}-${version}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${randomUUID()}`;
  const script = `${making}.mjs`;
  try {
    bundleScript('cdk/fetch-package', script);
    execFileSync(process.execPath, [script, `${name}@${version}`, integrity, making], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    renameSync(making, folder);
  } catch (cause) {
    if (existsSync(folder)) return folder;
    throw new UnavailableError(
      `${name}@${version}, which detect needs on arm64, could not be fetched from the npm registry, or is not the pinned one. Check the connection and npm's registry setting, then run it again; once fetched it is kept.`,
      { cause },
    );
  } finally {
    rmSync(script, { force: true });
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

type Filter = (path: string) => boolean;

/** The JavaScript that `require` reaches, and the one binding. */
const isOfRuntime: Filter = (path) =>
  path === 'package.json' ||
  /^dist\/(cjs\/)?[\w-]+\.js$/.test(path) ||
  path === 'dist/cjs/package.json' ||
  path.startsWith(`bin/napi-v6/${platform.os}/${platform.cpu}/`);

/** All but C headers; the licence and the README with the licences of what libvips is linked with stay beside it. */
const isOfSharp: Filter = (path) => !path.includes('/include/');

function copyPackage(from: string, to: string, isWanted: Filter): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const path = source.slice(from.length + 1).replaceAll('\\', '/');
    if (!isWanted(path)) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(source, join(to, path));
  }
}
