import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Files of the project that may import each other, by the longest beginning of their path. */
interface Room {
  /** Rooms and files that it may import, besides itself. */
  readonly imports: readonly string[];
  /** Packages and parts of Node; all of them where it is absent. */
  readonly packages?: readonly string[];
}

const vendors = ['@aws-sdk/', '@smithy/', 'onnxruntime-node', 'sharp', 'libheif', 'heic'];

const rooms: Readonly<Record<string, Room>> = {
  'lib/vision': { imports: [], packages: [] },
  'lib/core': { imports: ['lib/vision'], packages: ['zod', 'uuid', 'node:crypto', 'node:zlib'] },
  'lib/adapters': { imports: ['lib/core', 'lib/vision', 'lib/config'] },
  'lib/config': { imports: ['lib/core/errors'], packages: ['zod', 'node:os', 'node:path'] },
  functions: { imports: ['lib'] },
  layers: { imports: ['lib/vision', 'lib/core/errors', 'lib/config'] },
  local: { imports: ['lib', 'functions', 'layers'] },
  cdk: {
    imports: [
      'lib/config',
      'lib/adapters/dynamo-table',
      'lib/core/errors',
      'lib/core/events',
      'lib/core/false-match-rate',
      'lib/core/metrics',
      'lib/vision',
      'layers',
    ],
  },
  bench: { imports: ['lib', 'functions', 'layers', 'local', 'cdk'] },
  docs: { imports: ['lib/core', 'lib/vision', 'layers'] },
  kernels: { imports: [] },
  web: { imports: [] },
};

/** Where packages of AWS, ONNX Runtime and image codecs may be imported: behind the ports, and where they are imitated or measured. */
const vendorRooms = ['lib/adapters', 'local', 'bench'];

/** Paths from the root, with slashes. */
function codeIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [folder, ...file.split(sep)].join('/'));
}

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isPackage: boolean;
}

const root = join(import.meta.dirname, '..');
const files = ['bench', 'cdk', 'docs', 'functions', 'kernels', 'layers', 'lib', 'local', 'web'].flatMap((room) =>
  codeIn(room),
);
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

function importsOf(file: string, text: string): Import[] {
  const specifiers = [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()'([^']+)'/g)].map(
    ([, specifier]) => specifier!,
  );
  return specifiers.map((specifier) =>
    specifier.startsWith('.')
      ? { file, target: posix.join(dirname(file), specifier), isPackage: false }
      : { file, target: specifier, isPackage: true },
  );
}

function roomOf(file: string): string {
  const fitting = Object.keys(rooms).filter((room) => isIn(file, room));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? file;
}

function isIn(file: string, place: string): boolean {
  return file === `${place}.ts` || file.startsWith(`${place}/`);
}

const arrow = ({ file, target }: Import) => `${file} → ${target}`;

describe('imports', () => {
  it('are found', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports).toContainEqual({ file: 'lib/core/forget.ts', target: 'lib/core/ids.ts', isPackage: false });
  });

  it('stay within the rooms that docs/architecture.md allows', () => {
    const wrong = imports.filter(({ file, target, isPackage }) => {
      const room = roomOf(file);
      return !isPackage && ![room, ...(rooms[room]?.imports ?? [])].some((place) => isIn(target, place));
    });
    expect(wrong.map(arrow)).toEqual([]);
  });

  it('bring no package into a room that goes without it', () => {
    const wrong = imports.filter(({ file, target, isPackage }) => {
      const allowed = rooms[roomOf(file)]?.packages;
      return isPackage && allowed && !allowed.includes(target);
    });
    expect(wrong.map(arrow)).toEqual([]);
  });

  it('bring vendors in behind the ports only', () => {
    const wrong = imports.filter(
      ({ file, target, isPackage }) =>
        isPackage &&
        vendors.some((vendor) => target.startsWith(vendor)) &&
        !vendorRooms.some((room) => isIn(file, room)),
    );
    expect(wrong.map(arrow)).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read in lib/config.ts alone', () => {
    const readers = [...sources].filter(([, text]) => /\bprocess\.env\b/.test(text)).map(([file]) => file);
    expect(readers).toEqual(['lib/config.ts']);
  });
});

describe('tests', () => {
  it('stand in a tree that mirrors the sources', () => {
    const tests = codeIn('test').filter((file) => file.endsWith('.test.ts'));
    const strayed = tests.filter((file) => {
      const folder = relative('test', dirname(file));
      return !existsSync(join(root, folder)) && !existsSync(join(root, 'lib', folder));
    });
    expect(strayed).toEqual([]);
  });
});
