import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';

/** What the functions print, one after the other in a file. */
export class FunctionLog {
  readonly path: string;
  readonly #stream: WriteStream;

  private constructor(path: string, stream: WriteStream) {
    this.path = path;
    this.#stream = stream;
  }

  static async open(path: string): Promise<FunctionLog> {
    const stream = createWriteStream(path, { flags: 'a' });
    await once(stream, 'open');
    return new FunctionLog(path, stream);
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}
