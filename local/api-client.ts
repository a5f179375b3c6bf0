import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { z } from 'zod';
import type {
  forgottenAnswer,
  identifyAnswer,
  peopleAnswer,
  personAnswer,
  searchAnswer,
  verifyAnswer,
} from '../functions/match/http/answers.ts';
import type { problemSchema } from '../functions/match/http/problem.ts';
import { RequestError, UnavailableError } from '../lib/core/errors.ts';
import type { StackStatus } from './stack.ts';

/** Calls the HTTP API with files of this machine. Errors of the API are thrown as the ones they are. */
export class ApiClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** What waits; only a stack on this machine answers it. */
  status(): Promise<StackStatus> {
    return this.#call('/status');
  }

  verifyPerson(photo: string, person: string, collection: string): Promise<z.infer<typeof verifyAnswer>> {
    return this.#post('/v1/verify', { source: photo }, { person, collection });
  }

  search(photo: string, collection: string, count: number): Promise<z.infer<typeof searchAnswer>> {
    return this.#post('/v1/search', { image: photo }, { collection, count: String(count) });
  }

  identify(photo: string, collection: string): Promise<z.infer<typeof identifyAnswer>> {
    return this.#post('/v1/identify', { image: photo }, { collection });
  }

  async people(collection: string): Promise<z.infer<typeof peopleAnswer>['people']> {
    const people: z.infer<typeof peopleAnswer>['people'] = [];
    let after: string | undefined;
    do {
      const query = new URLSearchParams({ collection, limit: '1000', ...(after && { after }) });
      const page: z.infer<typeof peopleAnswer> = await this.#call(`/v1/people?${query}`);
      people.push(...page.people);
      after = page.next;
    } while (after);
    return people;
  }

  renamePerson(person: string, to: string, collection: string): Promise<z.infer<typeof personAnswer>> {
    return this.#change('PATCH', `${pathOf(person)}?${new URLSearchParams({ collection })}`, { person: to });
  }

  /** All faces of one person become another's. */
  mergePerson(person: string, into: string, collection: string): Promise<z.infer<typeof personAnswer>> {
    return this.#change('POST', `${pathOf(person)}/merge?${new URLSearchParams({ collection })}`, { into });
  }

  forgetPerson(person: string, collection: string): Promise<z.infer<typeof forgottenAnswer>> {
    return this.#call(`${pathOf(person)}?${new URLSearchParams({ collection })}`, { method: 'DELETE' });
  }

  forgetPhoto(key: string): Promise<z.infer<typeof forgottenAnswer>> {
    return this.#call(`/v1/photos?${new URLSearchParams({ key })}`, { method: 'DELETE' });
  }

  async #post<T>(
    path: string,
    photos: Readonly<Record<string, string>>,
    fields: Readonly<Record<string, string>>,
  ): Promise<T> {
    const body = new FormData();
    for (const [name, file] of Object.entries(photos)) body.append(name, await blobOf(file), basename(file));
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return this.#call(path, { method: 'POST', body });
  }

  #change<T>(method: string, path: string, body: object): Promise<T> {
    return this.#call(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async #call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(this.#url + path, init).catch((cause: unknown) => {
      throw new UnavailableError(`Expected the API at ${this.#url} to answer, it did not. Is \`npm start\` running?`, {
        cause,
      });
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    const { code, detail } = answer as Partial<z.infer<typeof problemSchema>>;
    if (!code || response.status >= 500) {
      throw new UnavailableError(detail ?? `The API answered ${response.status}; its log says why.`);
    }
    throw new RequestError(code, detail ?? '');
  }
}

function pathOf(person: string): string {
  return `/v1/people/${encodeURIComponent(person)}`;
}

async function blobOf(file: string): Promise<Blob> {
  try {
    return new Blob([await readFile(file)]);
  } catch (cause) {
    throw noSuchPhoto(file, cause);
  }
}

/** That a file of this machine is not there or cannot be read. */
export function noSuchPhoto(file: string, cause: unknown): RequestError {
  return new RequestError('PHOTO_NOT_FOUND', `Expected a photo in ${file}, could not read it. Check the path.`, {
    cause,
  });
}
