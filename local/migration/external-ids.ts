import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { RequestError } from '../../lib/core/errors.ts';
import { jsonOf } from '../../lib/core/json.ts';

/** Says which ExternalImageId the photo under a key gets; undefined is none. */
export type ExternalIdOf = (key: string) => string | undefined;

/** What the protocol allows in an ExternalImageId, and how long it may be. */
const allowed = /^[a-zA-Z0-9_.\-:]{1,255}$/;

/** The ways to make an id of a key. In a whole key `:` stands for the slash; whatever else an id cannot hold becomes `_`. */
export const idRules = {
  key: (key: string) => fitted(key.replaceAll('/', ':')),
  name: (key: string) => fitted(nameOf(key)),
  stem: (key: string) => fitted(nameOf(key).slice(0, -extname(key).length || undefined)),
} as const satisfies Readonly<Record<string, (key: string) => string>>;
export type IdRule = keyof typeof idRules;

/**
 * Reads which key gets which id: a `.csv` of two columns, key and id, or a `.json` with an object of ids by key.
 * @throws RequestError INVALID_REQUEST when it is neither, or an id is none
 */
export async function readIdFile(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw wrongFile(`Expected a file of ExternalImageIds in ${file}, could not read it. Check the path.`, cause);
  });
  const ids = extname(file).toLowerCase() === '.json' ? ofJson(text, file) : ofCsv(text, file);
  for (const [key, id] of ids) {
    if (allowed.test(id)) continue;
    throw wrongFile(
      `Expected ExternalImageIds of 1 to 255 letters, digits and _.-: in ${file}, received ${JSON.stringify(id)} for ${key}. Change it in both places, or leave the key out.`,
    );
  }
  return ids;
}

/**
 * Finds the ids that an old collection already has for photos, as it knows them by their ids alone: of the ids that the rules make of a key, the one that is in
 * the collection, of one image only.
 * @param images how many images of the collection have the id
 */
export function idAmong(images: ReadonlyMap<string, number>): ExternalIdOf {
  return (key) => {
    const found = new Set(Object.values(idRules).map((rule) => rule(key)));
    const known = [...found].filter((id) => images.get(id) === 1);
    return known.length === 1 ? known[0] : undefined;
  };
}

function fitted(text: string): string {
  return text.replace(/[^a-zA-Z0-9_.\-:]/g, '_').slice(-255);
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function ofJson(text: string, file: string): Map<string, string> {
  const parsed = z.record(z.string(), z.string()).safeParse(jsonOf(text));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  throw wrongFile(`Expected {"<key>":"<ExternalImageId>"} in ${file}, received something else.`, parsed.error);
}

function ofCsv(text: string, file: string): Map<string, string> {
  try {
    const rows: string[][] = parse(text, { bom: true, skip_empty_lines: true, trim: true });
    if (rows.every(({ length }) => length === 2)) return new Map(rows as [string, string][]);
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw wrongFile(`Expected lines of a key and its ExternalImageId in ${file}: ${cause.message}.`, cause);
  }
  throw wrongFile(`Expected lines of a key and its ExternalImageId in ${file}, received another number of columns.`);
}

function wrongFile(message: string, cause?: unknown): RequestError {
  return new RequestError('INVALID_REQUEST', message, { cause });
}
