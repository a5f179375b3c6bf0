import type { MultipartStore } from './multipart-store.ts';
import type { ObjectVersion } from './object-index.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Request, S3Response } from './request.ts';
import { toXml, type XmlValue } from './xml.ts';

/** What the operations work on. */
export interface S3Context {
  readonly store: ObjectStore;
  readonly multipart: MultipartStore;
  readonly region: string;
  /** Bytes of an object. */
  readonly maxBytes: number;
}

/** One operation of S3's API. What it refuses, it throws as an S3Error. */
export type Operation = (request: S3Request, context: S3Context) => Promise<S3Response>;

/** The one owner of everything here. */
export const owner = { ID: 'facenet-local', DisplayName: 'facenet-local' };

/** An answer with an XML document. */
export function xmlResponse(
  root: string,
  content: { readonly [name: string]: XmlValue },
  headers: S3Response['headers'] = {},
): S3Response {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: toXml(root, content) };
}

/** The header with a version's id; none where the bucket keeps no versions. */
export function versionHeaders(version: ObjectVersion | undefined): Record<string, string> {
  return version && version.versionId !== 'null' ? { 'x-amz-version-id': version.versionId } : {};
}
