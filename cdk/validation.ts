import { ConfigError } from '../lib/core/errors.ts';
import type { FaceRecognitionProps } from './face-recognition-props.ts';

type Name = Extract<
  keyof FaceRecognitionProps,
  `${string}${'Days' | 'Requests' | 'PerSecond' | 'MiB' | 'Concurrency'}`
>;

/** What the numbers may be: Lambda's and S3's own bounds, and those below which a function cannot hold its models. */
const bounds: Readonly<Record<Name, { readonly from: number; readonly to: number; readonly why: string }>> = {
  photoRetentionDays: { from: 1, to: 36_500, why: 'days' },
  apiRequestsPerSecond: { from: 1, to: 10_000, why: 'requests a second; 10,000 is what an account has in a region' },
  apiBurstRequests: { from: 1, to: 5_000, why: 'requests; 5,000 is what an account has in a region' },
  detectMemoryMiB: { from: 512, to: 10_240, why: 'MiB; a decoded photo of 120 megapixels alone takes 360' },
  embedMemoryMiB: { from: 512, to: 10_240, why: 'MiB; Lambda has no more' },
  apiMemoryMiB: { from: 1024, to: 10_240, why: 'MiB; it holds detector, embedder and photos' },
  detectConcurrency: { from: 2, to: 1_000, why: "batches at a time; these are Lambda's bounds for a queue" },
  embedConcurrency: { from: 2, to: 1_000, why: "batches at a time; these are Lambda's bounds for a queue" },
};

/**
 * Looks at the choices that can be judged for themselves.
 * @throws ConfigError
 */
export function checkProps(props: FaceRecognitionProps): void {
  for (const [name, { from, to, why }] of Object.entries(bounds)) {
    const value = props[name as Name];
    if (value === undefined || (Number.isInteger(value) && value >= from && value <= to)) continue;
    throw new ConfigError(
      `Expected ${name} as a whole number from ${from} to ${to} (${why}), received ${value}. Change it or leave it out.`,
    );
  }
  if (props.bucket && props.photoRetentionDays !== undefined) {
    throw new ConfigError(
      'Expected photoRetentionDays for a new bucket alone, received it together with a bucket that is there already. Give that bucket a lifecycle rule of its own; its expirations are followed.',
    );
  }
  if (props.bucket && props.accessLogsBucket) {
    throw new ConfigError(
      'Expected accessLogsBucket for a new bucket alone, received it together with a bucket that is there already. Turn on the access log of that bucket itself.',
    );
  }
  if (props.existingTable && props.otherEmbedders?.length) {
    throw new ConfigError(
      'Expected otherEmbedders for a new table alone, received them together with an existing one, whose indexes are not changed here. Leave them out.',
    );
  }
}
