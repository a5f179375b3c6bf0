import { setTimeout as wait } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  type QueryCommandInput,
  SearchVectorsCommand,
  type SearchVectorsCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { UnavailableError } from '../core/errors.ts';
import type { Page, Paged } from '../core/ports.ts';
import { chunks } from './batches.ts';
import { expressionAttributes } from './dynamo-expressions.ts';
import type { Item } from './dynamo-items.ts';
import { attribute } from './dynamo-table.ts';
import { type PagePosition, pagePosition, pageToken } from './page-token.ts';

/** How many items DynamoDB reads in one call. */
const mostRead = 100;

/** How often a batch is sent that DynamoDB takes in parts; the pauses between double from 50 ms, 3 s in all. */
const batchAttempts = 7;

/** What a write depends on, and what it writes: expressions in which `#name` is an attribute and `:value` one of `values`. */
export interface Write {
  readonly update: string;
  readonly when: string;
  readonly values?: Readonly<Record<string, unknown>>;
  /** Attributes by the `#name` that stands for them, where they are called otherwise. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** One of the table's lists: the partitions to be read, one after the other, and the items of them whose sort key begins with a prefix. */
export interface Listing {
  /** A secondary index, or the table itself. */
  readonly index?: string;
  readonly partition: string;
  readonly values: readonly string[];
  readonly sort: string;
  readonly prefix: string;
}

/** One table: items by their keys, conditional writes, lists page by page. Reads of the table itself are strongly consistent. */
export class DynamoTable {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async get(key: Item): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#name, Key: key, ConsistentRead: true });
    return (await this.#client.send(command)).Item;
  }

  /** Puts an item, unless the condition does not hold: false. */
  async putWhen(item: Item, when: string, values: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.#name,
      Item: item,
      ConditionExpression: when,
      ...expressionAttributes([when], values),
    });
    return !!(await whenItHolds(this.#client.send(command)));
  }

  /** Changes an item and answers it as it is then; undefined when the condition does not hold. */
  async update(key: Item, { update, when, values = {}, aliases }: Write): Promise<Item | undefined> {
    const command = new UpdateItemCommand({
      TableName: this.#name,
      Key: key,
      UpdateExpression: update,
      ConditionExpression: when,
      ...expressionAttributes([update, when], values, aliases),
      ReturnValues: 'ALL_NEW',
    });
    return (await whenItHolds(this.#client.send(command)))?.Attributes;
  }

  /** Deletes an item and answers it as it was; undefined when it was not there. */
  async delete(key: Item): Promise<Item | undefined> {
    const command = new DeleteItemCommand({ TableName: this.#name, Key: key, ReturnValues: 'ALL_OLD' });
    return (await this.#client.send(command)).Attributes;
  }

  /** Deletes an item, unless the condition does not hold: false. */
  async deleteWhen(key: Item, when: string, values: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#name,
      Key: key,
      ConditionExpression: when,
      ...expressionAttributes([when], values),
    });
    return !!(await whenItHolds(this.#client.send(command)));
  }

  /** The items of a list: whole ones from the table, their keys alone from an index. */
  async *query(listing: Listing, start?: PagePosition, pageSize?: number): AsyncGenerator<Item> {
    const first = start ? listing.values.indexOf(start[listing.partition]!) : 0;
    for (const [i, value] of listing.values.slice(first).entries()) {
      const settings = {
        client: this.#client,
        ...(pageSize && { pageSize }),
        ...(start && i === 0 && { startingToken: marshall(start) }),
      };
      const pages = paginateQuery(settings, this.#queryInput(listing, value));
      for await (const { Items = [] } of pages) yield* Items;
    }
  }

  /** How many items a list has; those alone, where a filter is given, for which it holds. */
  async count(listing: Listing, filter?: string): Promise<number> {
    let count = 0;
    for (const value of listing.values) {
      const input = this.#queryInput(listing, value, filter);
      const pages = paginateQuery({ client: this.#client }, { ...input, Select: 'COUNT' });
      for await (const { Count = 0 } of pages) count += Count;
    }
    return count;
  }

  #queryInput({ index, partition, sort, prefix }: Listing, value: string, filter?: string): QueryCommandInput {
    const keyCondition = `#${partition} = :value AND begins_with(#${sort}, :prefix)`;
    return {
      TableName: this.#name,
      IndexName: index,
      ConsistentRead: !index,
      KeyConditionExpression: keyCondition,
      ...(filter && { FilterExpression: filter }),
      ...expressionAttributes([keyCondition, filter ?? ''], { value, prefix }),
    };
  }

  /**
   * A page of a list, whole items. What an index found is read from the table, and left out when it is no longer of the list, so a page can hold less
   * than its limit.
   * @throws RequestError INVALID_REQUEST when `after` is not from a page of this list
   */
  async page(listing: Listing, { limit, after }: Page): Promise<Paged<Item>> {
    const start = after === undefined ? undefined : pagePosition(after, (position) => isOf(listing, position));
    const found: Item[] = [];
    let next: string | undefined;
    for await (const item of this.query(listing, start, limit + 1)) {
      if (found.length === limit) {
        next = pageToken(positionOf(listing, found.at(-1)!));
        break;
      }
      found.push(item);
    }
    return { items: listing.index ? await this.#listed(listing, found) : found, ...(next && { next }) };
  }

  /** The items nearest to a vector, by a vector index. */
  async search(input: Omit<SearchVectorsCommandInput, 'TableName'>): Promise<Item[]> {
    const command = new SearchVectorsCommand({ TableName: this.#name, ...input });
    return (await this.#client.send(command)).SearchResults?.map(({ Item }) => Item!) ?? [];
  }

  async #listed(listing: Listing, keys: readonly Item[]): Promise<Item[]> {
    const items = await this.#read(keys);
    return keys.flatMap((key): Item[] => {
      const item = items.get(addressOf(key));
      return item?.[listing.partition]?.S === key[listing.partition]!.S ? [item!] : [];
    });
  }

  async #read(keys: readonly Item[]): Promise<Map<string, Item>> {
    const items = new Map<string, Item>();
    for (const some of chunks(keys, mostRead)) {
      const wanted = some.map(({ pk, sk }): Item => ({ pk: pk!, sk: sk! }));
      await untilAllIsDone(wanted, async (batch) => {
        const request = { [this.#name]: { Keys: [...batch], ConsistentRead: true } };
        const answer = await this.#client.send(new BatchGetItemCommand({ RequestItems: request }));
        for (const item of answer.Responses?.[this.#name] ?? []) items.set(addressOf(item), item);
        return answer.UnprocessedKeys?.[this.#name]?.Keys;
      });
    }
    return items;
  }
}

function addressOf({ pk, sk }: Item): string {
  return `${pk!.S} ${sk!.S}`;
}

/** The attributes that tell a position in a list: the list's key, and that of the table. */
function positionAttributes({ partition, sort }: Listing): string[] {
  return [...new Set([attribute.partition, attribute.sort, partition, sort])];
}

function positionOf(listing: Listing, item: Item): PagePosition {
  return Object.fromEntries(positionAttributes(listing).map((name) => [name, item[name]!.S!]));
}

function isOf(listing: Listing, position: PagePosition): boolean {
  const names = positionAttributes(listing);
  return (
    Object.keys(position).length === names.length &&
    names.every((name) => name in position) &&
    listing.values.includes(position[listing.partition]!) &&
    position[listing.sort]!.startsWith(listing.prefix)
  );
}

/** Undefined when the condition of a write does not hold. */
async function whenItHolds<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/**
 * Sends a batch, and again what was left of it, until nothing is.
 * @throws UnavailableError when something still is after the last attempt
 */
async function untilAllIsDone<T>(
  batch: readonly T[],
  send: (batch: readonly T[]) => Promise<readonly T[] | undefined>,
): Promise<void> {
  let left = batch;
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === batchAttempts) {
      throw new UnavailableError(
        `Expected DynamoDB to take a batch of ${batch.length}, it left ${left.length} of it ${batchAttempts} times. Try again later; when it stays, look at the table's throttled requests.`,
      );
    }
    if (attempt > 0) await wait(25 * 2 ** attempt);
    left = (await send(left)) ?? [];
  }
}
