import type { IncomingMessage } from 'node:http';
import { requestTooLarge } from '../functions/match/http/app.ts';
import { UnavailableError } from '../lib/core/errors.ts';

/** Bodies of strangers that may be under way at once, in the largest ones: what they take of memory has an end. */
const mostBodies = 4;

/** What strangers may send: so much in one body, and so much in all that are under way. */
export class BodyBudget {
  readonly #most: number;
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes of one body */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#most = maxBytes * mostBodies;
  }

  /**
   * Does something with a body, which counts as under way until that is done. Of one that is too much, the rest is left unread.
   * @throws RequestError REQUEST_TOO_LARGE, UnavailableError
   */
  async with<T>(request: IncomingMessage, work: (body: Buffer) => Promise<T>): Promise<T> {
    if (Number(request.headers['content-length'] ?? 0) > this.#maxBytes) throw requestTooLarge(this.#maxBytes);
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        this.#bytes += chunk.length;
        if (length > this.#maxBytes) throw requestTooLarge(this.#maxBytes);
        if (this.#bytes > this.#most) throw new UnavailableError('Others are sending too much at the moment.');
      }
      return await work(Buffer.concat(chunks, length));
    } finally {
      this.#bytes -= length;
    }
  }
}
