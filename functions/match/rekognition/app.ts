import type { Context } from 'hono';
import { Hono } from 'hono';
import { z } from 'zod';
import { RequestError } from '../../../lib/core/errors.ts';
import type { ApiPorts } from '../http/app.ts';
import { listed, quote } from '../http/problem.ts';
import { RekognitionError, rekognitionErrorOf } from './errors.ts';
import { withinLimits } from './images.ts';
import { operationNamed } from './operations.ts';

/** Amazon Rekognition's face API as its clients speak it: `POST /`, the operation in a header, JSON both ways. docs/rekognition.md tells what is the same. */
export function rekognitionRoutes(ports: ApiPorts) {
  const app = new Hono<{ Variables: { operation: string } }>();
  const limited = withinLimits(ports);
  app.all('/', async (c, next) => {
    if (!isRekognition(c)) return next();
    const { name, input, run } = operationNamed(c.req.header('x-amz-target'));
    c.set('operation', name);
    const given = objectOf(await c.req.text());
    const parsed = input.safeParse(given);
    if (!parsed.success) throw invalidParameters(parsed.error, given);
    const work = () => run(limited, parsed.data);
    return answer(c, await answeredOnce(c, ports, { name, input: parsed.data }, work), 200);
  });
  return app;
}

const tokenSchema = z.object({ ClientRequestToken: z.string() });

/** Does what comes with a token once, and answers it again when it comes again. Tokens are an access key's own, and of one operation. */
async function answeredOnce(
  c: Context,
  { answered }: ApiPorts,
  { name, input }: { readonly name: string; readonly input: unknown },
  work: () => Promise<object>,
): Promise<object> {
  const { data } = tokenSchema.safeParse(input);
  if (!data) return work();
  const key = JSON.stringify([c.get('keyId'), name, data.ClientRequestToken]);
  const call = { key, request: JSON.stringify(input), lambda: c.env?.lambdaContext };
  const { answer } = await answered.once(call, async () => ({
    status: 200,
    headers: {},
    body: JSON.stringify(await work()),
  }));
  return JSON.parse(answer.body);
}

/** Whether a request speaks AWS's JSON protocol: it is posted to the root, and a header names the operation. */
export function isRekognition({ req }: Context): boolean {
  return req.method === 'POST' && req.path === '/' && req.header('x-amz-target') !== undefined;
}

function answer(c: Context, body: object, status: 200 | 400 | 500): Response {
  return c.body(JSON.stringify(body), status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': c.get('requestId'),
  });
}

/** Answers an error as clients of Rekognition expect it. */
export function answerRekognitionError(c: Context, error: unknown): Response {
  const { name, status, message } = rekognitionErrorOf(error);
  return answer(c, { __type: name, Code: name, Message: message }, status);
}

/** What is null counts as absent, as in AWS's own JSON. */
function objectOf(text: string): object {
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text, (_, given) => given ?? undefined);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new RekognitionError(
      'SerializationException',
      'Expected a JSON object, received something that is not JSON.',
      { cause },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new RekognitionError('SerializationException', 'Expected a JSON object, received another JSON value.');
}

function invalidParameters(error: z.ZodError, given: object): RequestError {
  const problems = listed(error.issues, ({ path, message }) => {
    const field = path.map(String).join('.');
    return `${field && `Value at ${field}: `}${message}${receivedAt(given, path)}`;
  });
  return new RequestError(
    'INVALID_REQUEST',
    `Request has invalid parameters. ${problems}. Change the request; docs/rekognition.md has the limits.`,
    { cause: error },
  );
}

function receivedAt(given: unknown, path: readonly PropertyKey[]): string {
  let value = given;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value === undefined || typeof value === 'object' ? '' : `, received ${quote(value)}`;
}
