import { appendFile } from 'node:fs/promises';
import { z } from 'zod';
import { readIfThere } from '../../lib/adapters/files.ts';
import { jsonOf } from '../../lib/core/json.ts';

const doneSchema = z.object({ key: z.string(), eTag: z.string(), id: z.string().optional(), faces: z.int() });
/** A photo that was indexed. */
export type DonePhoto = z.infer<typeof doneSchema>;

/** Which photos are done, a line of JSON each, so that work that broke off goes on where it was. A line that broke off with it counts for nothing. */
export class MigrationJournal {
  readonly #file: string;
  readonly #done: Map<string, DonePhoto>;

  private constructor(file: string, done: Map<string, DonePhoto>) {
    this.#file = file;
    this.#done = done;
  }

  static async open(file: string): Promise<MigrationJournal> {
    const text = (await readIfThere(file)) ?? '';
    const done = text.split('\n').flatMap((line) => doneSchema.safeParse(jsonOf(line)).data ?? []);
    return new MigrationJournal(file, new Map(done.map((photo) => [photo.key, photo])));
  }

  /** Whether the photo was indexed as it is now, under the same id. */
  has({ key, eTag, id }: Omit<DonePhoto, 'faces'>): boolean {
    const known = this.#done.get(key);
    return known !== undefined && known.eTag === eTag && known.id === id;
  }

  async add(photo: DonePhoto): Promise<void> {
    // A line that broke off must not swallow this one.
    await appendFile(this.#file, `\n${JSON.stringify(photo)}`);
    this.#done.set(photo.key, photo);
  }
}
