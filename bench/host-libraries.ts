import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Lays the native libraries of this machine beside those for arm64, so that the very JavaScript of a function runs here. On linux/arm64 they are there already. */
export function addHostLibraries(task: string): void {
  if (!existsSync(join(task, 'node_modules'))) return;
  const runtime = join('onnxruntime-node/bin/napi-v6', process.platform, process.arch);
  copyPackage(runtime, task);
  for (const name of readdirSync('node_modules/@img').filter((name) => name.startsWith('sharp-'))) {
    copyPackage(join('@img', name), task);
  }
}

function copyPackage(name: string, task: string): void {
  const to = join(task, 'node_modules', name);
  if (existsSync(to)) return;
  mkdirSync(to, { recursive: true });
  cpSync(join('node_modules', name), to, { recursive: true });
}
