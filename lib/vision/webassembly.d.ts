/** What of WebAssembly the vision uses; TypeScript knows it for browsers only. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    /** Adds pages of 64 KB; buffers that it had are gone. */
    grow(pages: number): number;
  }

  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
}
