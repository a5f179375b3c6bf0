import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { drawFace } from '../functions/embed/drawn-face.ts';
import type { peopleAnswer, photosAnswer, searchAnswer, verifyAnswer } from '../functions/match/http/answers.ts';
import { drawFaces } from '../lib/adapters/sharp-drawing.ts';
import type { FacenetEvent } from '../lib/core/events.ts';
import { personPrefix, photosPrefix } from '../lib/core/keys.ts';
import type { ApiCaller } from './api-caller.ts';

/** A deployment, and how to reach its parts. */
export interface SmokeTarget {
  readonly put: (key: string, bytes: Uint8Array) => Promise<void>;
  readonly call: ApiCaller;
  /** Waits for an event of the bus; false when none came in time. Absent where the bus cannot be listened to. */
  readonly event?: (isIt: (event: FacenetEvent) => boolean, timeoutSeconds: number) => Promise<boolean>;
}

/** Something that was looked at. */
export interface SmokeCheck {
  readonly name: string;
  /** Why it is not so; undefined when it is. */
  readonly problem: string | undefined;
  readonly milliseconds: number;
}

/** Milliseconds between questions. */
const pause = 500;
const person = 'drawn';

/**
 * Puts a drawn face into a collection of its own, and looks whether it is enrolled, known again, announced and forgotten, one check after the other until one
 * fails. Whatever happens, it removes again what it put there.
 */
export async function* checkDeployment(target: SmokeTarget, timeoutSeconds: number): AsyncGenerator<SmokeCheck> {
  const { call } = target;
  const collection = `smoke-${randomUUID()}`;
  const enrolment = `${personPrefix(collection, person)}face.png`;
  const photo = `${photosPrefix(collection)}again.png`;
  const face = { bytes: Buffer.from(await picture(240)).toString('base64') };

  const until = async <T>(holds: (answer: T) => boolean, ...request: Parameters<ApiCaller>) => {
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const { status, body } = await call(...request);
      if (status === 200 && holds(body as T)) return undefined;
      const isRefused = status >= 400 && status < 500;
      if (isRefused || performance.now() > deadline) return `the last answer was ${status} ${JSON.stringify(body)}`;
      await wait(pause);
    }
  };
  const list = `collection=${collection}`;
  const hasStatus = (key: string, status: string) =>
    until<Photos>(
      ({ photos }) => photos.some((p) => p.key === key && p.status === status),
      'GET',
      `/v1/photos?${list}`,
    );
  const announced = async (key: string, isIt: (event: FacenetEvent) => boolean) => {
    const came = await target.event?.((event) => event.detail.image.key === key && isIt(event), timeoutSeconds);
    return came === false ? `no such event within ${timeoutSeconds} s` : undefined;
  };
  const search = (holds: (answer: Search) => boolean) =>
    until<Search>(holds, 'POST', '/v1/search', { image: face, collection });

  const checks: Readonly<Record<string, () => Promise<string | undefined>>> = {
    'the API is well': () => until(() => true, 'GET', '/health'),
    'a photo enrols a person': async () => {
      await target.put(enrolment, await picture(320));
      return hasStatus(enrolment, 'enrolled');
    },
    'the person can be found': () => search(({ identity }) => identity?.person === person),
    'a photo is indexed': async () => {
      await target.put(photo, await picture(280));
      return hasStatus(photo, 'indexed');
    },
    ...(target.event && {
      'events tell of both': async () =>
        (await announced(enrolment, ({ type }) => type === 'Person Enrolled')) ?? (await announced(photo, namesPerson)),
    }),
    'the person is verified': () =>
      until<Verification>(({ verified }) => verified, 'POST', '/v1/verify', {
        source: { key: photo },
        person,
        collection,
      }),
    'the person is forgotten': async () =>
      (await until(() => true, 'DELETE', `/v1/people/${person}?${list}`)) ??
      (await until<People>(({ people }) => people.length === 0, 'GET', `/v1/people?${list}`)) ??
      (await search(({ identity }) => !identity)),
    'the photo is forgotten': async () =>
      (await until(() => true, 'DELETE', `/v1/photos?${new URLSearchParams({ key: photo })}`)) ??
      (await search(({ faces }) => faces.length === 0)),
  };
  try {
    for (const [name, check] of Object.entries(checks)) {
      const start = performance.now();
      const problem = await check();
      yield { name, problem, milliseconds: Math.round(performance.now() - start) };
      if (problem !== undefined) return;
    }
  } finally {
    for (const key of [enrolment, photo]) await call('DELETE', `/v1/photos?${new URLSearchParams({ key })}`);
    await call('DELETE', `/v1/collections/${collection}`);
  }
}

type Photos = z.infer<typeof photosAnswer>;
type People = z.infer<typeof peopleAnswer>;
type Search = z.infer<typeof searchAnswer>;
type Verification = z.infer<typeof verifyAnswer>;

/** Other sizes are other pictures, and other bytes, of the same face. */
function picture(side: number): Promise<Uint8Array> {
  return drawFaces(drawFace(side), [], 'png');
}

function namesPerson({ type, detail }: FacenetEvent): boolean {
  return type === 'Image Indexed' && detail.faces.some(({ identity }) => identity?.person === person);
}
