import { paginateListFaces, RekognitionClient, RekognitionServiceException } from '@aws-sdk/client-rekognition';
import { RequestError, UnavailableError } from '../../lib/core/errors.ts';
import { credentials, region } from '../clients.ts';
import { expectRegion } from '../expect-region.ts';
import { isLoopback } from '../loopback-server.ts';

export interface Endpoint {
  /** Of an API that speaks Rekognition's protocol. @default Amazon Rekognition itself */
  readonly url?: string | undefined;
  /** Whose credentials and region, of the files of the AWS CLI. @default as the AWS CLI finds them; on loopback none are needed */
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
}

/** How often a call is tried: the service says itself when it is too much. */
const maxAttempts = 5;

/** A stock client of Rekognition, at AWS or elsewhere. @throws ConfigError when nothing says the region of AWS */
export async function rekognitionAt({ url, profile, region: chosen }: Endpoint): Promise<RekognitionClient> {
  const isOpen = url !== undefined && isLoopback(new URL(url).hostname) && profile === undefined;
  const client = new RekognitionClient({
    maxAttempts,
    ...(profile !== undefined && { profile }),
    ...(url !== undefined && { endpoint: url, region: chosen ?? region }),
    ...(chosen !== undefined && { region: chosen }),
    ...(isOpen && { credentials }),
  });
  await expectRegion(client);
  return client;
}

/** How many images of a collection have each ExternalImageId. */
export async function imagesByExternalId(client: RekognitionClient, collection: string): Promise<Map<string, number>> {
  const images = new Map<string, Set<string>>();
  for await (const { Faces = [] } of paginateListFaces({ client }, { CollectionId: collection })) {
    for (const { ExternalImageId: id, ImageId = '' } of Faces) {
      if (id === undefined) continue;
      const known = images.get(id);
      if (known) known.add(ImageId);
      else images.set(id, new Set([ImageId]));
    }
  }
  return new Map([...images].map(([id, { size }]) => [id, size]));
}

/** What a service refused for good, by its name; undefined where trying again can help, or where it is no answer of a service. */
export function refusalOf(error: unknown): string | undefined {
  const isRefused = error instanceof RekognitionServiceException && error.$fault === 'client' && !error.$retryable;
  return isRefused ? error.name : undefined;
}

/** A failure of a call as the command line tells it: what was wrong with the call, or that nothing answers. */
export function calledError(error: unknown, what: string): Error {
  if (refusalOf(error) !== undefined && error instanceof Error) {
    return new RequestError('INVALID_REQUEST', `${what} answered ${error.name}: ${error.message}`, { cause: error });
  }
  return new UnavailableError(`Expected ${what} to answer, it did not. Check the endpoint and the credentials.`, {
    cause: error,
  });
}
