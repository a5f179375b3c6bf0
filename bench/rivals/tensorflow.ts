import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What is used of TensorFlow.js. */
export interface Tensorflow {
  readonly version_core: string;
  setBackend(name: string): Promise<boolean>;
  tensor(data: Uint8Array, shape: readonly number[], type: 'int32'): Tensor;
  dispose(tensor: Tensor): void;
}

/** A tensor, which nobody looks into here. */
export type Tensor = { readonly shape: readonly number[] };

const require = createRequire(import.meta.url);

/** Where the WASM files of the backend lie. */
export const wasmFolder = `${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`;

/** The rivals' handicap: in Node, TensorFlow.js' WASM backend has SIMD but one thread only. */
export const wasmRemark = 'WASM, one thread';

/** Opens TensorFlow.js on its WASM backend. */
export async function openTensorflow(): Promise<Tensorflow> {
  const tensorflow = require('@tensorflow/tfjs');
  require('@tensorflow/tfjs-backend-wasm').setWasmPaths(wasmFolder);
  await tensorflow.setBackend('wasm');
  return tensorflow;
}

/** Loads a file of a package whose exports hide it. */
export function requireFrom(packageName: string, file: string) {
  return require(join(packageFolder(packageName), file));
}

/** Where a package lies. */
export function packageFolder(packageName: string): string {
  const folder = require.resolve.paths(packageName)!.map((path) => join(path, packageName));
  const found = folder.find((path) => canRead(join(path, 'package.json')));
  if (found) return found;
  throw new Error(`Expected the package ${packageName}, found none. Run npm ci.`);
}

/** The version of a package. */
export function versionOf(packageName: string): string {
  return require(join(packageFolder(packageName), 'package.json')).version;
}

function canRead(file: string): boolean {
  try {
    return require.resolve(file) === file;
  } catch {
    return false;
  }
}
