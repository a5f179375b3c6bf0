import { createHash } from 'node:crypto';
import { sameText } from '../../lib/adapters/sigv4.ts';
import { S3Error } from './errors.ts';
import type { ChunkSigner } from './signature.ts';

/** A line of the framing (a chunk's head, a trailing header) is never longer. */
const maxLineBytes = 8 * 1024;
const maxTrailerLines = 32;

/** The trailing headers of a chunked body, lower case. */
export type Trailers = Map<string, string>;

/**
 * Takes the framing off an `aws-chunked` body: `<hex size>[;chunk-signature=…]CRLF <bytes> CRLF`, a chunk of size 0, then trailing headers, which are
 * put into `trailers`. With a signer, the chain of signatures is verified: a chunk's after its bytes were yielded, so nothing may be believed before the end.
 * @throws S3Error InvalidRequest, IncompleteBody or SignatureDoesNotMatch
 */
export async function* decodeChunks(
  body: AsyncIterable<Uint8Array>,
  trailers: Trailers,
  signer?: ChunkSigner,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(body);
  let previous = signer?.seed ?? '';
  for (;;) {
    const head = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line());
    if (!head) throw malformed('a chunk that starts with its size in hexadecimal');
    const size = Number.parseInt(head[1]!, 16);
    const hash = createHash('sha256');
    for await (const bytes of reader.bytes(size)) {
      if (signer) hash.update(bytes);
      yield bytes;
    }
    if (signer) {
      previous = verified(await signer.chunk(previous, hash.digest('hex')), head[2]);
    }
    if (size === 0) break;
    if ((await reader.line()) !== '') throw malformed('a line break after each chunk');
  }
  await readTrailers(reader, trailers, signer, previous);
}

async function readTrailers(
  reader: ByteReader,
  trailers: Trailers,
  signer: ChunkSigner | undefined,
  previous: string,
): Promise<void> {
  let signed = '';
  for (let count = 0; count < maxTrailerLines; count++) {
    const line = await reader.line({ orEnd: true });
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed('trailing headers as name:value');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    trailers.set(name, value);
    if (name !== 'x-amz-trailer-signature') signed += `${name}:${value}\n`;
  }
  if (signer && signed !== '')
    verified(await signer.trailer(previous, signed), trailers.get('x-amz-trailer-signature'));
}

function verified(expected: string, received: string | undefined): string {
  if (received !== undefined && sameText(expected, received)) return expected;
  throw new S3Error(
    'SignatureDoesNotMatch',
    'The signature of a chunk of the body is not the one calculated for it. Send the body as it was signed.',
  );
}

function malformed(expected: string): S3Error {
  return new S3Error('InvalidRequest', `Expected an aws-chunked body with ${expected}.`);
}

/** Reads lines and counted bytes from the pieces in which a body arrives. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The text up to the next CRLF, without it. With `orEnd`, the end of the body closes a line too. */
  async line({ orEnd = false } = {}): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end >= 0) return this.#take(end + 2).toString('latin1', 0, end);
      if (this.#rest.length > maxLineBytes) throw malformed(`lines of at most ${maxLineBytes} bytes`);
      const more = await this.#more();
      if (more) this.#rest = Buffer.concat([this.#rest, more]);
      else if (orEnd) return this.#take(this.#rest.length).toString('latin1');
      else throw incomplete();
    }
  }

  /** The next `count` bytes, in the pieces in which they arrive. */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let missing = count; missing > 0; ) {
      if (this.#rest.length === 0) {
        const more = await this.#more();
        if (!more) throw incomplete();
        this.#rest = more;
      }
      const piece = this.#take(Math.min(missing, this.#rest.length));
      missing -= piece.length;
      yield piece;
    }
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #more(): Promise<Buffer | undefined> {
    const { done, value } = await this.#source.next();
    return done ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The body ended before all bytes of its chunks had arrived. Send it again.');
}
