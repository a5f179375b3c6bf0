import { S3Error } from './errors.ts';

/** A stretch of bytes; both ends are in it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header (`bytes=0-99`, `bytes=100-`, `bytes=-100`) for an object of this size. Undefined stands for the whole: what is no single
 * range of bytes is passed over, as HTTP has it.
 * @throws S3Error InvalidRange when the range begins behind the end
 */
export function byteRangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[1] !== '' && match[2] !== '' && Number(match[2]) < start) return undefined;
  if (start < size && end >= start) return { start, end };
  throw new S3Error('InvalidRange', 'The requested range is not satisfiable.', {
    headers: { 'content-range': `bytes */${size}` },
  });
}
