import { poolingKernels } from './pooling-kernels.ts';

/** What kernels/pooling.wat says; addresses are bytes of its memory. */
interface Kernels {
  readonly memory: WebAssembly.Memory;
  addRow(pixels: number, width: number, above: number, to: number): void;
  poolRow(upper: number, lower: number, width: number, columns: number, share: number, to: number, plane: number): void;
}

const pageBytes = 65_536;
/** Bytes of a memory that is held for the next pass: to touch new memory for the first time takes longer than to pool. A larger one goes to the garbage collector. */
const mostBytesHeld = 64 * 1024 * 1024;

const compiled = new WebAssembly.Module(Buffer.from(poolingKernels, 'base64'));
let spare: PoolingMemory | undefined;

/** The kernels of pooling, and the memory that they work in: their caller reserves what he needs of it. */
export class PoolingMemory {
  readonly kernels: Kernels;
  #reserved = 0;

  private constructor() {
    this.kernels = new WebAssembly.Instance(compiled).exports as Kernels;
  }

  /** A memory that nobody else has, until it is released. */
  static take(): PoolingMemory {
    const taken = spare ?? new PoolingMemory();
    spare = undefined;
    return taken;
  }

  /** Leaves the memory to the next; all that was reserved is gone. */
  release(): void {
    this.#reserved = 0;
    if (this.kernels.memory.buffer.byteLength <= mostBytesHeld) spare = this;
  }

  /** The address of so many bytes, 16 of which lie on a boundary of 16; they hold whatever was there. Views that were made before are gone. */
  reserve(bytes: number): number {
    const { memory } = this.kernels;
    const address = this.#reserved;
    this.#reserved += 16 * Math.ceil(bytes / 16);
    const missing = this.#reserved - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    return address;
  }

  /** Gives back all that was reserved from an address on. */
  giveBack(address: number): void {
    this.#reserved = address;
  }

  bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.kernels.memory.buffer, address, length);
  }

  floats(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.kernels.memory.buffer, address, length);
  }
}
