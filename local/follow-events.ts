import { UnavailableError } from '../lib/core/errors.ts';
import type { FacenetEvent } from '../lib/core/events.ts';

/** Follows the bus over `GET /events`, from the moment at which the promise resolves. Ends with the signal. */
export async function followEvents(api: string, signal: AbortSignal): Promise<AsyncGenerator<FacenetEvent>> {
  const response = await fetch(`${api}/events`, { signal });
  if (!response.ok || !response.body) throw new UnavailableError(`${api}/events answered ${response.status}.`);
  return eventsIn(response.body, signal);
}

async function* eventsIn(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<FacenetEvent> {
  let rest = '';
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
    if (!signal.aborted) throw error;
  }
}
