import type { Page, Paged } from './ports.ts';

/** Items that are listed in one call; one call of the table reads so many. */
const listedAtOnce = 100;

/** All items of a list, page after page. */
export async function* allPages<T>(list: (page: Page) => Promise<Paged<T>>): AsyncGenerator<T> {
  let after: string | undefined;
  do {
    const { items, next } = await list({ limit: listedAtOnce, ...(after !== undefined && { after }) });
    yield* items;
    after = next;
  } while (after !== undefined);
}
