import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const source = fileURLToPath(new URL('pooling.wat', import.meta.url));
const target = fileURLToPath(new URL('../lib/vision/pooling-kernels.ts', import.meta.url));

/**
 * Compiles kernels/pooling.wat into the text of lib/vision/pooling-kernels.ts.
 * @throws Error with the place, where it is not WebAssembly
 */
export async function compilePooling(): Promise<string> {
  const { parseWat } = await wabt();
  const module = parseWat(source, await readFile(source), { simd: true });
  module.resolveNames();
  module.validate();
  const bytes = Buffer.from(module.toBinary({}).buffer);
  module.destroy();
  return `/** What \`npm run kernels\` makes of kernels/pooling.wat, as base64. */\nexport const poolingKernels =\n  '${bytes.toString('base64')}';\n`;
}

if (import.meta.filename === process.argv[1]) await writeFile(target, await compilePooling());
