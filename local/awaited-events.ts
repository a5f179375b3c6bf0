import { ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { UnavailableError } from '../lib/core/errors.ts';
import { eventSource, type FacenetEvent } from '../lib/core/events.ts';
import { jsonOf } from '../lib/core/json.ts';
import type { SmokeTarget } from './smoke.ts';

/** Looks among the events that came for one, and waits for those to come. Where they broke off, it is told to whoever waits. */
export function awaitedEvents(events: AsyncIterable<FacenetEvent>): NonNullable<SmokeTarget['event']> {
  const seen: FacenetEvent[] = [];
  let brokenOff: { readonly cause: unknown } | undefined;
  let wake = () => {};
  const follow = async () => {
    for await (const event of events) {
      seen.push(event);
      wake();
    }
  };
  void follow().catch((cause: unknown) => {
    brokenOff = { cause };
    wake();
  });
  return async (isIt, timeoutSeconds) => {
    const late = AbortSignal.timeout(timeoutSeconds * 1000);
    while (!seen.some(isIt) && !late.aborted) {
      if (brokenOff) throw brokenOff.cause;
      await new Promise<void>((resolve) => {
        wake = resolve;
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return seen.some(isIt);
  };
}

const messageSchema = z.object({ source: z.literal(eventSource), 'detail-type': z.string(), detail: z.unknown() });

/**
 * Events as a rule puts them into a queue; what else is in it is passed over. They stay there, hidden for a while, for whoever else reads it.
 * @throws UnavailableError when the queue cannot be read
 */
export async function* queuedEvents(client: SQSClient, QueueUrl: string): AsyncGenerator<FacenetEvent> {
  for (;;) {
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 });
    const { Messages = [] } = await client.send(command).catch((cause: unknown) => {
      throw new UnavailableError(
        `Expected the queue ${QueueUrl} to hand out events, it did not. Check --queue, and the permission sqs:ReceiveMessage.`,
        { cause },
      );
    });
    for (const { Body = '' } of Messages) {
      const { data } = messageSchema.safeParse(jsonOf(Body));
      if (data) yield { type: data['detail-type'], detail: data.detail } as FacenetEvent;
    }
  }
}
