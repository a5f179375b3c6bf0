import { cpus, loadavg, totalmem } from 'node:os';
import { versionOf } from './rivals/tensorflow.ts';

/** Where and with what was measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Processes that wanted a core in the minute before: beyond the cores' number, times are not this machine's. */
  readonly load: number;
  readonly platform: string;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

const packages = [
  'onnxruntime-node',
  'sharp',
  '@tensorflow/tfjs',
  '@vladmandic/face-api',
  '@vladmandic/human',
  'usearch',
];

/** Looks at this machine. */
export function machineOf(): Machine {
  return {
    processor: cpus()[0]!.model.trim(),
    cores: cpus().length,
    memory: totalmem(),
    load: loadavg()[0]!,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}
