import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { AnsweredRequests, StoredAnswer } from '../../../lib/core/ports.ts';
import { invalidRequest } from './problem.ts';
import { scopeOfRequest } from './route-scopes.ts';

const longestKey = 255;
const header = 'idempotency-key';

/** The header by which a client that repeats a write says so. */
export const idempotencyKey = z
  .string()
  .regex(
    new RegExp(`^[\\x21-\\x7e]{1,${longestKey}}$`),
    `expected 1 to ${longestKey} printable ASCII characters without spaces`,
  )
  .optional()
  .openapi({
    description:
      'a new one for each write, a UUID for instance; who repeats the write with it gets the first answer again',
    example: '8f14e45f-ceea-467f-9a6b-1c2f5d1c7a10',
  });

/**
 * Does each write with an `Idempotency-Key` once, and answers it again when it comes again. Failures are not kept: they can be tried again with the same key. What
 * one access key was answered is nothing to another.
 */
export function answerOnce(requests: AnsweredRequests): MiddlewareHandler {
  return async (c, next) => {
    const given = { [header]: c.req.header(header) };
    if (given[header] === undefined || scopeOfRequest(c) === 'read') return next();
    const parsed = z.object({ [header]: idempotencyKey }).safeParse(given);
    if (!parsed.success) throw invalidRequest(parsed.error, given);
    const work = async () => {
      await next();
      if (!c.res.ok) throw new Unanswered();
      return stored(c.res);
    };
    const key = JSON.stringify([c.get('keyId'), given[header]]);
    const call = { key, request: await digest(c), lambda: c.env?.lambdaContext };
    try {
      const { answer, isNew } = await requests.once(call, work);
      if (isNew) return;
      c.res = new Response(answer.body, {
        status: answer.status,
        headers: { ...answer.headers, 'idempotency-replayed': 'true' },
      });
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  };
}

/** That what was done is no success; the context has the answer. */
class Unanswered extends Error {}

/** The headers of an answer that tell something of it, and not of the moment. */
const keptHeaders = ['content-type', 'etag', 'location'];

async function stored(response: Response): Promise<StoredAnswer> {
  const headers = keptHeaders.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { status: response.status, headers: Object.fromEntries(headers), body: await response.clone().text() };
}

/** A form is the same whatever boundary it was sent with: clients choose one anew each time. */
async function digest({ req }: Context): Promise<string> {
  const { pathname, search } = new URL(req.url);
  const body = Buffer.from(await req.raw.clone().arrayBuffer()).toString('latin1');
  const [, boundary] = /boundary="?([^";]+)/i.exec(req.header('content-type') ?? '') ?? [];
  return createHash('sha256')
    .update(JSON.stringify([req.method, pathname, search, req.header('if-match')]))
    .update(boundary === undefined ? body : body.replaceAll(boundary, ''), 'latin1')
    .digest('hex');
}
