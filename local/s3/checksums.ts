import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';
/** Of all bytes, or of the checksums of the parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; with `-` and the number of parts where it is COMPOSITE. */
  readonly value: string;
}

/** Something that takes bytes piece by piece and ends as a few bytes. */
export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Promise<Buffer>;
}

const digestOf: Record<ChecksumAlgorithm, () => Digest> = {
  CRC32: () => {
    let value = 0;
    return {
      update: (bytes) => {
        value = crc32(bytes, value);
      },
      digest: async () => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32BE(value);
        return bytes;
      },
    };
  },
  CRC32C: () => asBuffer(new Crc32c()),
  CRC64NVME: () => asBuffer(new Crc64Nvme()),
  SHA1: () => hashDigest('sha1'),
  SHA256: () => hashDigest('sha256'),
};

/** Every algorithm's name. */
export const checksumAlgorithms = Object.keys(digestOf) as ChecksumAlgorithm[];

/** Starts a checksum. */
export function startChecksum(algorithm: ChecksumAlgorithm): Digest {
  return digestOf[algorithm]();
}

/** Starts one of OpenSSL's hashes. */
export function hashDigest(name: 'md5' | 'sha1' | 'sha256'): Digest {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest() };
}

function asBuffer(checksum: { update(bytes: Uint8Array): void; digest(): Promise<Uint8Array> }): Digest {
  return { update: (bytes) => checksum.update(bytes), digest: async () => Buffer.from(await checksum.digest()) };
}

/** The header that carries a checksum: x-amz-checksum-crc32 and its like. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The element that carries a checksum in XML: ChecksumCRC32 and its like; absent where there is none. */
export function checksumElement(checksum: Checksum | undefined): Record<string, string> {
  return checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value } : {};
}

/** The algorithm of this name in any case, or undefined. */
export function checksumAlgorithmOf(name: string | undefined): ChecksumAlgorithm | undefined {
  return checksumAlgorithms.find((algorithm) => algorithm === name?.toUpperCase());
}

/** The checksum of the parts' checksums, as S3 gives it to a multipart upload. */
export async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly Checksum[]): Promise<Checksum> {
  const digest = startChecksum(algorithm);
  for (const part of parts) digest.update(Buffer.from(part.value, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${(await digest.digest()).toString('base64')}-${parts.length}` };
}
