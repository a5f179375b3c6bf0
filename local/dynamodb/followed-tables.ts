import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { type Backend, type Item, noSuchTable } from './backend.ts';
import type { Definitions, VectorIndexDefinition } from './definitions.ts';
import { VectorIndex } from './vector-index.ts';

/** BatchGetItem takes so many keys. */
const keysPerCall = 100;

/** A table whose writes are followed. */
class FollowedTable {
  readonly keyNames: readonly string[];
  readonly #keyTypes: readonly string[];
  readonly indexes = new Map<string, VectorIndex>();
  /** What was written since an index began to load: what its scan brings of these is old. */
  readonly writtenSince = new Set<string>();
  loading = 0;

  constructor({ KeySchema = [], AttributeDefinitions = [] }: TableDescription) {
    const types = new Map(
      AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType!]),
    );
    this.keyNames = KeySchema.map(({ AttributeName }) => AttributeName!);
    this.#keyTypes = this.keyNames.map((name) => types.get(name)!);
  }

  /** Whether something that nobody has checked yet has the table's key. */
  hasKey(item: Item | undefined): item is Item {
    return this.keyNames.every(
      (name, i) => typeof (item?.[name] as Key | undefined)?.[this.#keyTypes[i]!] === 'string',
    );
  }

  keyOf(item: Item): string {
    return JSON.stringify(this.keyNames.map((name) => item[name]));
  }

  itemKey(key: string): Item {
    const values: Item[string][] = JSON.parse(key);
    return Object.fromEntries(this.keyNames.map((name, i) => [name, values[i]!]));
  }

  set(key: string, item: Item | undefined): void {
    for (const index of this.indexes.values()) index.set(key, item);
  }
}

type Key = Readonly<Record<string, unknown>>;

/** Keeps the vector indexes of all tables as their items are: once a write is answered, every search sees it. A write is announced before the table gets it. */
export class FollowedTables {
  readonly #backend: Backend;
  readonly #folder: string;
  readonly #tables = new Map<string, FollowedTable>();
  /** The last refresh of each key that is under way: the next waits for it, so that the last to read is the last to be believed. */
  readonly #refreshing = new Map<string, Promise<void>>();

  /** @param folder where the indexes are kept */
  constructor(backend: Backend, folder: string) {
    this.#backend = backend;
    this.#folder = folder;
  }

  /** Opens the indexes of all tables that are still there. */
  async load(definitions: Definitions): Promise<void> {
    for (const table of definitions.tables()) {
      const indexes = definitions.get(table)!.indexes;
      if (await this.#backend.describe(table)) await this.follow(table, indexes);
      else {
        await definitions.set(table, undefined);
        await rm(join(this.#folder, table), { recursive: true, force: true });
      }
    }
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  index(table: string, name: string): VectorIndex | undefined {
    return this.#tables.get(table)?.indexes.get(name);
  }

  keyNames(table: string): readonly string[] {
    return this.#tables.get(table)?.keyNames ?? [];
  }

  /** Begins to keep indexes of a table: as the last process left them, or with all that the table holds. */
  async follow(name: string, definitions: readonly VectorIndexDefinition[]): Promise<void> {
    const description = await this.#backend.describe(name);
    if (!description) throw noSuchTable(name);
    const table = this.#tables.get(name) ?? new FollowedTable(description);
    this.#tables.set(name, table);
    const indexes = definitions.map(
      (definition) => new VectorIndex(definition, join(this.#folder, name, definition.IndexName)),
    );
    for (const index of indexes) table.indexes.set(index.definition.IndexName, index);
    await this.#fill(
      name,
      table,
      indexes.filter(({ journal }) => !journal.isWhole),
    );
    for (const { journal } of indexes) {
      const changes = [...journal.changes];
      await this.refresh(
        name,
        changes.flatMap(([, keys]) => keys.map((key) => table.itemKey(key))),
      );
      for (const [change] of changes) journal.settle(change);
    }
  }

  /** Forgets an index; without a name, the whole table. */
  forget(name: string, index?: string): void {
    const table = this.#tables.get(name);
    for (const known of index === undefined ? [...(table?.indexes.keys() ?? [])] : [index]) {
      table?.indexes.get(known)?.destroy();
      table?.indexes.delete(known);
    }
    if (table?.indexes.size === 0) this.#tables.delete(name);
  }

  /**
   * Writes down that items, given by their keys or whole, are about to be written or deleted, whether or not they can be. Answers how to say that this is
   * over; until then the next start reads them again.
   */
  announce(name: string, items: readonly (Item | undefined)[]): () => void {
    const table = this.#tables.get(name);
    if (!table) return () => {};
    const keys = items.filter((item) => table.hasKey(item)).map((item) => table.keyOf(item));
    if (keys.length === 0) return () => {};
    const changes = Array.from(table.indexes.values(), (index) => [index, index.journal.announce(keys)] as const);
    return () => {
      const kept = new Set(table.indexes.values());
      for (const [index, change] of changes) if (kept.has(index)) index.journal.settle(change);
    };
  }

  /** Brings the indexes up to date with items that have been written or deleted, given by their keys or whole. */
  async refresh(name: string, items: readonly Item[]): Promise<void> {
    const table = this.#tables.get(name);
    if (!table) return;
    const keys = [...new Set(items.map((item) => table.keyOf(item)))];
    if (table.loading > 0) for (const key of keys) table.writtenSince.add(key);
    const locks = keys.map((key) => `${name}/${key}`);
    const before = Promise.allSettled(locks.map((lock) => this.#refreshing.get(lock)));
    const refreshed = before.then(() => this.#refresh(name, table, keys));
    for (const lock of locks) this.#refreshing.set(lock, refreshed);
    try {
      await refreshed;
    } finally {
      for (const lock of locks) if (this.#refreshing.get(lock) === refreshed) this.#refreshing.delete(lock);
    }
  }

  close(): void {
    for (const { indexes } of this.#tables.values()) for (const index of indexes.values()) index.close();
    this.#tables.clear();
  }

  /** The items of these keys, in their order; undefined for those that are gone. */
  async items(name: string, keys: readonly string[]): Promise<(Item | undefined)[]> {
    const table = this.#tables.get(name);
    if (!table) return keys.map(() => undefined);
    const items = new Map<string, Item>();
    for (let i = 0; i < keys.length; i += keysPerCall) {
      const part = keys.slice(i, i + keysPerCall).map((key) => table.itemKey(key));
      for (const item of await this.#read(name, part)) items.set(table.keyOf(item), item);
    }
    return keys.map((key) => items.get(key));
  }

  async #fill(name: string, table: FollowedTable, indexes: readonly VectorIndex[]): Promise<void> {
    if (indexes.length === 0) return;
    table.loading++;
    try {
      for await (const item of this.#scan(name)) {
        const key = table.keyOf(item);
        if (!table.writtenSince.has(key)) for (const index of indexes) index.set(key, item);
      }
      for (const { journal } of indexes) journal.markWhole();
    } finally {
      if (--table.loading === 0) table.writtenSince.clear();
    }
  }

  async #refresh(name: string, table: FollowedTable, keys: readonly string[]): Promise<void> {
    const items = await this.items(name, keys);
    for (const [i, key] of keys.entries()) table.set(key, items[i]);
  }

  async #read(table: string, keys: readonly Item[]): Promise<Item[]> {
    const items: Item[] = [];
    let wanted: BatchGet['RequestItems'] = { [table]: { Keys: keys, ConsistentRead: true } };
    while (Object.keys(wanted).length > 0) {
      const page = await this.#backend.call<BatchGetOutput>('BatchGetItem', {
        RequestItems: wanted,
      } satisfies BatchGet);
      items.push(...(page?.Responses[table] ?? []));
      wanted = page?.UnprocessedKeys ?? {};
    }
    return items;
  }

  async *#scan(table: string): AsyncGenerator<Item> {
    let start: Item | undefined;
    do {
      const page = await this.#backend.call<ScanOutput>('Scan', {
        TableName: table,
        ConsistentRead: true,
        ...(start && { ExclusiveStartKey: start }),
      });
      yield* page?.Items ?? [];
      start = page?.LastEvaluatedKey;
    } while (start);
  }
}

interface BatchGet {
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Item[]; readonly ConsistentRead?: true }>>;
}

interface BatchGetOutput {
  readonly Responses: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: BatchGet['RequestItems'];
}

interface ScanOutput {
  readonly Items: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}
