import { UnavailableError } from '../lib/core/errors.ts';
import type { FacenetEvent } from '../lib/core/events.ts';

/**
 * Follows the bus over `GET /events`, from the moment at which the promise resolves. Ends with the signal.
 * @throws UnavailableError also later on, when the events break off
 */
export async function followEvents(api: string, signal: AbortSignal): Promise<AsyncGenerator<FacenetEvent>> {
  const response = await fetch(`${api}/events`, { signal });
  if (!response.ok || !response.body) throw new UnavailableError(`${api}/events answered ${response.status}.`);
  return eventsIn(response.body, api, signal);
}

async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  api: string,
  signal: AbortSignal,
): AsyncGenerator<FacenetEvent> {
  let rest = '';
  let cause: unknown;
  try {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (!line.startsWith('data: ')) continue;
        const { 'detail-type': type, detail } = JSON.parse(line.slice('data: '.length));
        yield { type, detail };
      }
    }
  } catch (error) {
    cause = error;
  }
  if (signal.aborted) return;
  throw new UnavailableError(
    `Expected the events of ${api} to go on, they broke off. Is \`npm start\` still running?`,
    {
      cause,
    },
  );
}
