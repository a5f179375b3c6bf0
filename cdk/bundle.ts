import { copyFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

/** Where the sources lie: the root of a clone, or `dist/` of the installed package. */
const root = join(import.meta.dirname, '..');
const extension = extname(import.meta.filename);

/**
 * Everything but what leans on native libraries goes in, the AWS SDK too: Lambda's own may be older than SearchVectors. CommonJS inside the bundle uses `require` and `__dirname`, which an ES module has to make for itself.
 */
const options = {
  absWorkingDir: root,
  outbase: '.',
  bundle: true,
  platform: 'node',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  external: ['onnxruntime-node', '@img/sharp-*'],
  legalComments: 'none',
  banner: {
    js: "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url),__dirname=import.meta.dirname;",
  },
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** Modules that start a thread from a file beside them; in a bundle, that is a file beside the bundle. */
const threads = [
  { starter: `lib/adapters/heic-decoder${extension}`, file: 'lib/adapters/heic-worker.mjs' },
  { starter: `lib/adapters/onnx-sessions${extension}`, file: 'lib/adapters/onnx-thread.mjs' },
] as const;

/** A module that serves a file beside it, from a package that only clones have: the package of this project has the file beside the module already. */
const page = { server: `functions/match/http/docs-page${extension}`, file: 'openapi-explorer.min.js' } as const;

/**
 * Bundles modules of this project into `folder`, each under its own path as `.mjs` with a source map that holds no sources. Identifiers keep their names, as errors
 * and log lines carry those of classes. The same sources and dependencies give the same bytes.
 * @param modules paths without extension, such as `functions/detect/handler`
 * @throws esbuild's BuildFailure when a module cannot be resolved
 */
export function bundle(modules: readonly string[], folder: string): void {
  const { metafile } = buildSync({
    ...options,
    entryPoints: modules.map((module) => `${module}${extension}`),
    outdir: folder,
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    // An uncaught error is printed with the line it came from.
    lineLimit: 200,
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
  });
  const foldersWith = (module: string) => {
    const outputs = Object.entries(metafile.outputs).filter(([, { inputs }]) => module in inputs);
    return new Set(outputs.map(([output]) => resolve(root, dirname(output))));
  };
  for (const { starter, file } of threads) {
    for (const beside of foldersWith(starter)) bundleFile(file, join(beside, basename(file)));
  }
  for (const beside of foldersWith(page.server)) copyFileSync(pageFile(), join(beside, page.file));
}

/** Bundles a script of this project into one file that runs where there is nothing but Node. */
export function bundleScript(module: string, file: string): void {
  bundleFile(`${module}${extension}`, file);
}

function pageFile(): string {
  const inPackage = join(root, dirname(page.server), page.file);
  if (existsSync(inPackage)) return inPackage;
  return createRequire(import.meta.url).resolve(`openapi-explorer/dist/browser/${page.file}`);
}

function bundleFile(path: string, file: string): void {
  buildSync({ ...options, entryPoints: [path], outfile: file, target: 'node20' });
}
