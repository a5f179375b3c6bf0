import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { expect } from 'vitest';
import { readVisionConfig } from '../../lib/config.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { localS3Client } from '../../local/clients.ts';
import type { EventEnvelope } from '../../local/event-log.ts';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';

/** Photos that a dev dependency brings, each with several people. */
export const sample = (number: 1 | 2 | 3 | 4 | 5 | 6) => `node_modules/@vladmandic/face-api/demo/sample${number}.jpg`;

/** What the API answers; a test says what it expects of it. */
interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the API's, and is what the tests assert
  readonly answer: Record<string, any>;
}

/** The whole embedded stack on a folder of its own, with real models. */
export class RunningStack {
  stack: Stack;
  readonly data: string;
  readonly trouble: unknown[];
  #events: FacenetEvent[] = [];
  #s3: S3Client;
  readonly #options: Partial<StackOptions>;
  #stopListening: () => void = () => {};

  private constructor(data: string, stack: Stack, options: Partial<StackOptions>, trouble: unknown[]) {
    this.trouble = trouble;
    this.data = data;
    this.stack = stack;
    this.#options = options;
    this.#s3 = localS3Client(stack.s3);
    this.#listen();
  }

  static async start(options: Partial<StackOptions> = {}): Promise<RunningStack> {
    const data = options.data ?? (await mkdtemp(join(tmpdir(), 'facenet-test-')));
    const trouble: unknown[] = [];
    // A message must not come again while, on a busy machine, the function that has it still starts.
    const patient = { retrySeconds: 300, ...options };
    const stack = await startStack({ data, vision: readVisionConfig(), failed: (e) => trouble.push(e), ...patient });
    return new RunningStack(data, stack, patient, trouble);
  }

  /** Events since the last call; what came twice is dropped by its id, as a consumer does. */
  take(): FacenetEvent[] {
    return [...new Map(this.#events.splice(0).map((event) => [event.detail.id, event])).values()];
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: this.stack.bucket, Key: key, Body: Buffer.from(body) }));
  }

  /** Waits until nothing is on its way any more; answers the events that came since the last look. */
  async settle(): Promise<FacenetEvent[]> {
    for (let quiet = 0; quiet < 3; ) {
      await wait(150);
      const { waiting } = await this.stack.status();
      quiet = waiting === 0 ? quiet + 1 : 0;
    }
    return this.take();
  }

  /** Puts an object and waits for what comes of it. */
  async follow(key: string, body: Uint8Array | string): Promise<FacenetEvent[]> {
    await this.put(key, body);
    return this.settle();
  }

  /** The answer of the API. */
  async ask(method: string, path: string, body?: FormData | Blob): Promise<Answer> {
    const response = await fetch(this.stack.api + path, { method, ...(body !== undefined && { body }) });
    return { status: response.status, answer: (await response.json()) as Answer['answer'] };
  }

  async restart(): Promise<void> {
    await this.#end();
    const failed = (error: unknown) => this.trouble.push(error);
    this.stack = await startStack({ data: this.data, vision: readVisionConfig(), failed, ...this.#options });
    this.#s3 = localS3Client(this.stack.s3);
    this.#listen();
  }

  /** Ends it; nothing may have gone wrong behind the tests' back. */
  async close(): Promise<void> {
    await this.#end();
    await rm(this.data, { recursive: true });
    expect(this.trouble).toEqual([]);
  }

  #listen(): void {
    this.#stopListening = this.stack.events.onEvent((event: EventEnvelope) =>
      this.#events.push({ type: event['detail-type'], detail: event.detail } as unknown as FacenetEvent),
    );
  }

  async #end(): Promise<void> {
    this.#stopListening();
    this.#s3.destroy();
    await this.stack.close();
  }
}

/** A form as browsers and curl send it. */
export function form(fields: Readonly<Record<string, string | Uint8Array>>): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.append(name, typeof value === 'string' ? value : new File([new Uint8Array(value)], 'photo.jpg'));
  }
  return body;
}

/** A person of a sample photo alone: the surroundings of a face, mirrored and made smaller, so that it is another picture than the one in the group. */
export async function portrait(
  number: Parameters<typeof sample>[0],
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Promise<Buffer> {
  const margin = Math.round(Math.max(width, height) * 0.8);
  const meta = await sharp(sample(number)).metadata();
  const from = { left: Math.max(0, Math.round(left) - margin), top: Math.max(0, Math.round(top) - margin) };
  const to = {
    right: Math.min(meta.width, Math.round(left + width) + margin),
    bottom: Math.min(meta.height, Math.round(top + height) + margin),
  };
  return sharp(sample(number))
    .extract({ ...from, width: to.right - from.left, height: to.bottom - from.top })
    .flop()
    .resize({ width: 220 })
    .jpeg({ quality: 80 })
    .toBuffer();
}
