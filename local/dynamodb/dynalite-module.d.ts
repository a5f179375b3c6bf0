declare module 'dynalite' {
  import type { Server } from 'node:http';

  export interface Options {
    /** The folder of its LevelDB; in memory without. */
    readonly path?: string;
    readonly createTableMs?: number;
    readonly updateTableMs?: number;
    readonly deleteTableMs?: number;
  }
  export default function dynalite(options?: Options): Server;
}
