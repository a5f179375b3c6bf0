import { S3Error } from './errors.ts';
import type { ObjectVersion } from './object-index.ts';
import type { Precondition } from './object-store.ts';
import type { S3Request } from './request.ts';

/**
 * Checks If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since of a read, as RFC 9110 orders them.
 * @throws S3Error PreconditionFailed or NotModified
 */
export function checkReadConditions({ headers }: S3Request, version: ObjectVersion): void {
  const failed = failedCondition(version, (name) => headers[name]);
  if (failed === 'unchanged') {
    throw new S3Error('NotModified', 'Not Modified', {
      headers: { etag: `"${version.etag}"`, 'last-modified': new Date(version.modified).toUTCString() },
    });
  }
  if (failed) throw preconditionFailed();
}

/** Checks the same of a copy's source. @throws S3Error PreconditionFailed */
export function checkCopyConditions({ headers }: S3Request, source: ObjectVersion): void {
  if (failedCondition(source, (name) => headers[`x-amz-copy-source-${name}`])) throw preconditionFailed();
}

/** What If-None-Match: * (nothing there yet) and If-Match (still this version) ask of the object that a write would replace. */
export function writePrecondition({ headers }: S3Request): Precondition {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new S3Error('NotImplemented', 'Expected If-None-Match: * on a write; S3 has no other.');
  }
  return (live) => {
    if (noneMatch !== undefined && live) throw preconditionFailed();
    if (match === undefined) return;
    if (!live) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
    if (!matches(match, live.etag)) throw preconditionFailed();
  };
}

function failedCondition(
  { etag, modified }: ObjectVersion,
  header: (name: string) => string | undefined,
): 'changed' | 'unchanged' | undefined {
  const seconds = Math.floor(modified / 1000) * 1000;
  const match = header('if-match');
  const unmodifiedSince = Date.parse(header('if-unmodified-since') ?? '');
  if (match === undefined ? seconds > unmodifiedSince : !matches(match, etag)) return 'changed';
  const noneMatch = header('if-none-match');
  const modifiedSince = Date.parse(header('if-modified-since') ?? '');
  if (noneMatch === undefined ? seconds <= modifiedSince : matches(noneMatch, etag)) return 'unchanged';
  return undefined;
}

function matches(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((item) => item.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((item) => item === '*' || item === etag);
}

function preconditionFailed(): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.');
}
