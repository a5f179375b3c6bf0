import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { jsonOf } from '../lib/core/json.ts';
import { account, region } from './clients.ts';
import type { EventEnvelope, EventLog } from './event-log.ts';
import { type LoopbackServer, readBody, serveOnLoopback } from './loopback-server.ts';

/** One PutEvents takes so many entries, and so many bytes of them (as API_PutEvents.html says since 2026; 256 KB before). */
const limits = { entries: 10, bytes: 1024 * 1024 };
/** Far above what fits; a request that is larger is not read. */
const maxRequestBytes = 4 * limits.bytes;

const entrySchema = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  /** Seconds since 1970, within what a date can be. */
  Time: z.number().min(-8.64e12).max(8.64e12).optional(),
});
type Entry = z.infer<typeof entrySchema>;

type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** A request that EventBridge refuses as a whole. */
class EventBridgeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

/**
 * Serves EventBridge's PutEvents on loopback. Events that are taken are in the log when the answer leaves.
 */
export function startEventBridge({
  buses,
  log,
  failed,
}: {
  /** The buses that there are, beside `default`. */
  readonly buses: readonly string[];
  readonly log: EventLog;
  readonly failed: (error: unknown) => void;
}): Promise<LoopbackServer> {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, output } = await answer(request, log, ['default', ...buses]);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
    response.end(JSON.stringify(output));
  };
  return serveOnLoopback(serve, { failed });
}

async function answer(request: IncomingMessage, log: EventLog, buses: readonly string[]) {
  const body = await readBody(request, maxRequestBytes);
  try {
    if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') {
      throw new EventBridgeError('UnknownOperationException', 'Only PutEvents is there.');
    }
    return { status: 200, output: await putEvents(readEntries(body), log, buses) };
  } catch (error) {
    if (!(error instanceof EventBridgeError)) throw error;
    return { status: 400, output: { __type: error.code, message: error.message } };
  }
}

function readEntries(body: Buffer | undefined): readonly Entry[] {
  const parsed = z.object({ Entries: z.array(entrySchema) }).safeParse(body && jsonOf(body.toString()));
  if (body && !parsed.success) throw new EventBridgeError('SerializationException', 'Expected the input of PutEvents.');
  const entries = parsed.data?.Entries ?? [];
  if (body && (entries.length < 1 || entries.length > limits.entries)) {
    throw new EventBridgeError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${limits.entries}`,
    );
  }
  if (!body || entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > limits.bytes) {
    throw new EventBridgeError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  return entries;
}

async function putEvents(entries: readonly Entry[], log: EventLog, buses: readonly string[]) {
  const taken: EventEnvelope[] = [];
  const results = entries.map((entry): EntryResult => {
    const failure = failureOf(entry, buses);
    if (failure) return failure;
    const event = envelopeOf(entry);
    taken.push(event);
    return { EventId: event.id };
  });
  await log.append(taken);
  return { FailedEntryCount: entries.length - taken.length, Entries: results };
}

function failureOf({ EventBusName = 'default', ...entry }: Entry, buses: readonly string[]): EntryResult | undefined {
  const missing = (['Source', 'DetailType', 'Detail'] as const).find((name) => !entry[name]);
  if (missing) {
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`,
    };
  }
  if (!z.record(z.string(), z.unknown()).safeParse(jsonOf(entry.Detail!)).success) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  const bus = EventBusName.slice(EventBusName.lastIndexOf('/') + 1);
  if (buses.includes(bus)) return undefined;
  return {
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Event bus ${bus} does not exist; there are ${buses.join(', ')}.`,
  };
}

function envelopeOf({ Source, DetailType, Detail, Resources = [], Time }: Entry): EventEnvelope {
  const time = Time === undefined ? new Date() : new Date(Time * 1000);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': DetailType!,
    source: Source!,
    account,
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: Resources,
    detail: JSON.parse(Detail!),
  };
}

/** As EventBridge counts it: 14 bytes for the time, and the texts in UTF-8. */
function sizeOf({ Source = '', DetailType = '', Detail = '', Resources = [], Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}
