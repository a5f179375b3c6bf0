import type { z } from '@hono/zod-openapi';
import { expect } from 'vitest';
import { type ApiPorts, createApp } from '../../../functions/match/http/app.ts';
import type { problemSchema } from '../../../functions/match/http/problem.ts';
import type { ErrorCode } from '../../../lib/core/errors.ts';
import { errorTable } from '../../../lib/core/errors.ts';
import { FakeAnswered, fakeUploads, now, photoOf } from '../../core/fakes.ts';
import { Pipeline } from '../../core/pipeline.ts';
import { Contract } from './contract.ts';

/** The API on fakes, over a pipeline that a test fills. */
export class Api {
  readonly pipeline = new Pipeline();
  readonly errors: { details: unknown; error: unknown }[] = [];
  readonly requests: unknown[] = [];
  readonly ports: ApiPorts = {
    store: this.pipeline.store,
    decoder: this.pipeline.vision,
    detector: this.pipeline.vision,
    embedder: this.pipeline.embedder,
    registry: this.pipeline.registry,
    tags: this.pipeline.tags,
    bucket: 'photos',
    maxRequestBytes: 100_000,
    callers: { open: true },
    maxImageBytes: 1_000_000,
    now: () => new Date(now),
    answered: new FakeAnswered(),
    uploads: fakeUploads,
    log: {
      info: (_, details) => this.requests.push(details),
      warn() {},
      error: (_, details, error) => this.errors.push({ details, error }),
    },
  };
  readonly app = createApp(this.ports);

  /** Puts photos into the bucket and follows them to their end. */
  async put(photos: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, photo] of Object.entries(photos)) await this.pipeline.follow(this.pipeline.put(key, photo));
  }

  /** The answer to a request, which has to be as the contract says. */
  async call(method: string, path: string, body?: RequestInit): Promise<Response> {
    const response = await this.app.request(path, { method, ...body });
    contract ??= Contract.of(this.app);
    const operation = (await contract).operationOf(method, path);
    const copy = response.clone();
    const answer = operation && ((await copy.json().catch(() => undefined)) as { code?: string } | undefined);
    if (operation && answer?.code !== 'ROUTE_NOT_FOUND') (await contract).check(operation, copy, answer);
    return response;
  }

  /** The answer to a request that must succeed. */
  async ask<T = Record<string, unknown>>(method: string, path: string, body?: RequestInit): Promise<T> {
    const response = await this.call(method, path, body);
    const answer = await response.json();
    expect(answer).not.toHaveProperty('code');
    expect([200, 201]).toContain(response.status);
    expect(JSON.stringify(answer)).not.toContain('"embedding":');
    return answer as T;
  }

  /** The problem that a request must meet. */
  async fail(code: ErrorCode, method: string, path: string, body?: RequestInit): Promise<Problem> {
    return problemIn(await this.call(method, path, body), code);
  }
}

/** The same for every API. */
let contract: Promise<Contract> | undefined;

type Problem = z.infer<typeof problemSchema>;

/** Holds a response against the one shape of errors. */
export async function problemIn(response: Response, code: ErrorCode): Promise<Problem> {
  const problem = (await response.json()) as Problem;
  expect(problem).toEqual({
    type: `urn:problem-type:facenet:${code}`,
    title: expect.any(String),
    status: errorTable[code].status,
    code,
    detail: expect.stringMatching(/.{20}/),
    retryable: errorTable[code].retryable,
    requestId: response.headers.get('x-request-id'),
  });
  expect(response.status).toBe(problem.status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problem;
}

export function json(value: unknown): RequestInit {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function form(fields: Readonly<Record<string, string | Uint8Array>>): RequestInit {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.append(name, typeof value === 'string' ? value : new File([new Uint8Array(value)], 'photo.jpg'));
  }
  return { body };
}

export function raw(photo: string, contentType = 'image/jpeg'): RequestInit {
  return { headers: { 'content-type': contentType }, body: photo };
}

/** A photo of the fakes, as it goes into JSON. */
export function inBase64(photo: string): { bytes: string } {
  return { bytes: Buffer.from(photoOf(photo)).toString('base64') };
}
