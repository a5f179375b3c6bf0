import type { OpenAPIHono } from '@hono/zod-openapi';
import { longestCollection, longestPerson } from '../../../lib/core/keys.ts';
import { mostFacesOfPerson } from '../../../lib/core/people.ts';
import { mostNeighbours } from '../../../lib/core/ports.ts';
import { version } from './version.ts';

/** What the operations are about, in the order in which the page shows them. */
export const tag = {
  recognition: 'Recognition',
  people: 'People',
  faces: 'Faces',
  photos: 'Photos',
  collections: 'Collections',
  service: 'Service',
} as const;

const description = `Whose face is it? Photos come as bytes or as keys in the bucket; answers say by which distance, threshold and model they were found, which face was used, and who else it could be.

**Limits.** A request has at most MAX_REQUEST_BYTES bytes, of which base64 takes a third in AWS; a photo in the bucket has at most MAX_IMAGE_BYTES: ask POST /v1/uploads for an address to put it to. A page has at most 1000 items, a search at most ${mostNeighbours} results, a person at most ${mostFacesOfPerson} faces. Names of people have 1 to ${longestPerson} bytes in UTF-8, those of collections 1 to ${longestCollection}.

**Repeating.** What is \`retryable\` can be sent again. A write that carries an \`Idempotency-Key\` is done once, however often it comes within the hour.

**Colliding.** A person's \`ETag\` changes with every change. A write with \`If-Match\` is done only while it is the newest; otherwise the answer is \`PRECONDITION_FAILED\`.`;

/** What the document says of the API as a whole. */
export function contractHead({
  maxRequestBytes,
  maxImageBytes,
}: {
  readonly maxRequestBytes: number;
  readonly maxImageBytes: number;
}) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'facenet-serverless',
      version,
      description: description
        .replace('MAX_REQUEST_BYTES', String(maxRequestBytes))
        .replace('MAX_IMAGE_BYTES', String(maxImageBytes)),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'where this document was fetched' }],
    security: [{}, ...Object.keys(securitySchemes).map((name) => ({ [name]: [] }))],
    tags: [
      { name: tag.recognition, description: 'Look into photos. Nothing is stored.' },
      { name: tag.people, description: 'Who is known, and by which faces.' },
      { name: tag.faces, description: 'The faces that are stored. Their vectors never leave the service.' },
      { name: tag.photos, description: 'The photos in the bucket, and how far they are.' },
      { name: tag.collections, description: 'People and faces that are kept apart from all others.' },
      { name: tag.service, description: 'For operators.' },
    ],
  };
}

/** The ways in which callers say who they are: which of them is open is the operator's choice; on loopback nobody is asked. */
const securitySchemes = {
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description:
      'AWS Signature Version 4: by AWS credentials (service `execute-api`), or by an access key that the operator has issued (service `facenet` or `execute-api`)',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
  token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'a token of the identity provider' },
} as const;

/** Adds to the document what no route brings. */
export function describeSecurity({ openAPIRegistry }: OpenAPIHono): void {
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    openAPIRegistry.registerComponent('securitySchemes', name, scheme);
  }
}
