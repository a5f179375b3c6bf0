import { zipSync } from 'fflate';

/** A tensor to be saved: what lies in its storage, and how it is read out of it; row-major from the start when nothing is said. */
export interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
  readonly offset?: number;
  readonly strides?: readonly number[];
}

/** Writes pickles of protocol 2, as `torch.save` does. */
export class PickleWriter {
  readonly #parts: Buffer[] = [Buffer.from([0x80, 2])];

  raw(...bytes: number[]): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(5, 'X');
    head.writeUInt32LE(bytes.length, 1);
    this.#parts.push(head, bytes);
    return this;
  }

  integer(value: number): this {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(value, 1);
    this.#parts.push(bytes);
    return this;
  }

  global(module: string, name: string): this {
    this.#parts.push(Buffer.from(`c${module}\n${name}\n`));
    return this;
  }

  tuple(write: () => void): this {
    this.raw(0x28);
    write();
    return this.raw(0x74);
  }

  integers(values: readonly number[]): this {
    return this.tuple(() => {
      for (const value of values) this.integer(value);
    });
  }

  end(): Buffer {
    this.raw(0x2e);
    return Buffer.concat(this.#parts);
  }
}

/** A pickle of a state dict; a storage's key is its tensor's place. */
export function pickleOf(tensors: Readonly<Record<string, SavedTensor>>, legacy: boolean): Buffer {
  const pickle = new PickleWriter().global('collections', 'OrderedDict').raw(0x29, 0x52, 0x28);
  for (const [key, [name, { shape, data, offset = 0, strides }]] of Object.entries(tensors).entries()) {
    const steps = strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
    pickle.text(name).global('torch._utils', '_rebuild_tensor_v2');
    pickle.tuple(() => {
      pickle.tuple(() => {
        pickle
          .text('storage')
          .global('torch', data instanceof Float32Array ? 'FloatStorage' : 'LongStorage')
          .text(String(key))
          .text('cpu')
          .integer(data.length);
        if (legacy) pickle.raw(0x4e);
      });
      pickle.raw(0x51).integer(offset);
      pickle.integers(shape);
      pickle.integers(steps);
      pickle.raw(0x89).global('collections', 'OrderedDict').raw(0x29, 0x52);
    });
    pickle.raw(0x52);
  }
  // What PyTorch appends: the dict's `_metadata`, by BUILD.
  return pickle.raw(0x75, 0x7d).text('_metadata').raw(0x7d, 0x73, 0x62).end();
}

/** The file that PyTorch 1.6 and newer save. */
export function zipFile(tensors: Readonly<Record<string, SavedTensor>>, pickle = pickleOf(tensors, false)): Uint8Array {
  const storages = Object.values(tensors).map(({ data }, key) => [`net/data/${key}`, bytesOf(data)] as const);
  const files = { 'net/data.pkl': pickle, 'net/byteorder': Buffer.from('little'), ...Object.fromEntries(storages) };
  return zipSync(files, { level: 0 });
}

/** The file that PyTorch saved before 1.6. */
export function legacyFile(
  tensors: Readonly<Record<string, SavedTensor>>,
  pickle = pickleOf(tensors, true),
): Uint8Array {
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
  const version = new PickleWriter().integer(1001).end();
  const machine = new PickleWriter().raw(0x7d).text('little_endian').raw(0x88, 0x73).end();
  const keys = new PickleWriter().raw(0x5d, 0x28);
  for (const key of Object.keys(Object.values(tensors))) keys.text(key);
  const storages = Object.values(tensors).flatMap(({ data }) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(data.length));
    return [length, bytesOf(data)];
  });
  return Buffer.concat([magic, version, machine, pickle, keys.raw(0x65).end(), ...storages]);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
