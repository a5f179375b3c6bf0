import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './backend.ts';
import type { VectorIndexDefinition } from './definitions.ts';
import { searchExactly } from './exact-search.ts';
import { encode, largestAt, largestOf } from './vector-codes.ts';
import type { VectorJournal } from './vector-journal.ts';
import { VectorRows } from './vector-rows.ts';
import { VectorStore } from './vector-store.ts';

/** What a search asks for: a value for HASH, where the index has it, and for any of its inline filters. */
export type Condition = ReadonlyMap<string, AttributeValue>;

interface Group {
  readonly values: readonly string[];
  readonly rows: VectorRows;
}

/**
 * One vector index: its vectors on disk, their codes in memory. Those that agree in HASH and all inline filters lie together, so that a search reads none in
 * vain.
 */
export class VectorIndex {
  readonly definition: VectorIndexDefinition;
  readonly #attributes: readonly string[];
  readonly #store: VectorStore;
  readonly #groups = new Map<string, Group>();
  readonly #groupOfSlot: (Group | undefined)[] = [];
  readonly #rowOfSlot: number[] = [];
  readonly #codes: Int8Array<ArrayBuffer>;

  /** Opens the index in a folder, or begins one. */
  constructor(definition: VectorIndexDefinition, folder: string) {
    this.definition = definition;
    this.#attributes = definition.SearchSchema.map(({ AttributeName }) => AttributeName);
    this.#codes = new Int8Array(definition.Dimensions);
    const { IndexName, VectorAttribute, Dimensions } = definition;
    const content = JSON.stringify({ format: 2, IndexName, VectorAttribute, Dimensions, attributes: this.#attributes });
    this.#store = new VectorStore(folder, content, definition.Dimensions);
    this.#takeUp();
  }

  get size(): number {
    return this.journal.size;
  }

  /** What is known of the items, and of their changes under way. */
  get journal(): VectorJournal {
    return this.#store.journal;
  }

  /** Takes up what an item has become; undefined when it is gone. */
  set(key: string, item: Item | undefined): void {
    const vector = item && vectorOf(item, this.definition);
    const values = item && this.#attributes.map((name) => item[name]);
    if (!vector || !values?.every((value) => value !== undefined)) {
      this.#delete(key);
      return;
    }
    const largest = largestOf(vector);
    if (largest > largestAt(this.#store.scale)) this.#rescale(largest);
    encode(vector, this.#store.scale, this.#codes);
    const group = JSON.stringify(values.map(valueKey));
    this.#place(this.#store.put(key, group, vector, this.#codes), group, this.#codes);
  }

  /** The keys of the `count` items nearest to a vector, the nearest first, with their scores. Ties come in the order of the keys. */
  search(query: Float32Array, condition: Condition, count: number): { readonly key: string; readonly score: number }[] {
    const wanted = this.#attributes.map((name) => condition.get(name)).map((value) => value && valueKey(value));
    const groups = [...this.#groups.values()]
      .filter(({ values }) => wanted.every((value, i) => value === undefined || value === values[i]))
      .map(({ rows }) => rows);
    const keyOf = (slot: number) => this.journal.keyOf(slot)!;
    const found = searchExactly(
      groups,
      this.#store,
      query,
      count,
      this.definition.DistanceFunction,
      (a, b) => keyOf(a) < keyOf(b),
    );
    return found.map(({ slot, score }) => ({ key: keyOf(slot), score }));
  }

  close(): void {
    this.#store.close();
  }

  /** Closes the index and deletes it. */
  destroy(): void {
    this.#store.destroy();
  }

  /** Places all that is stored. */
  #takeUp(): void {
    for (const { firstSlot, group: name, codes } of this.#store.runs()) {
      const group = this.#group(name);
      const firstRow = group.rows.add(firstSlot, codes);
      for (let i = 0; i < codes.length / this.definition.Dimensions; i++) {
        this.#groupOfSlot[firstSlot + i] = group;
        this.#rowOfSlot[firstSlot + i] = firstRow + i;
      }
    }
  }

  #place(slot: number, name: string, codes: Int8Array): void {
    const group = this.#group(name);
    if (this.#groupOfSlot[slot] === group) {
      group.rows.codesOf(this.#rowOfSlot[slot]!).set(codes);
      return;
    }
    this.#displace(slot);
    this.#groupOfSlot[slot] = group;
    this.#rowOfSlot[slot] = group.rows.add(slot, codes);
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (!group) {
      group = { values: JSON.parse(name), rows: new VectorRows(this.definition.Dimensions) };
      this.#groups.set(name, group);
    }
    return group;
  }

  #displace(slot: number): void {
    const group = this.#groupOfSlot[slot];
    if (!group) return;
    const row = this.#rowOfSlot[slot]!;
    const moved = group.rows.remove(row);
    if (moved !== undefined) this.#rowOfSlot[moved] = row;
    this.#groupOfSlot[slot] = undefined;
    if (group.rows.size === 0) this.#groups.delete(JSON.stringify(group.values));
  }

  #delete(key: string): void {
    const slot = this.#store.remove(key);
    if (slot !== undefined) this.#displace(slot);
  }

  #rescale(largest: number): void {
    this.#store.rescale(largest);
    this.#groups.clear();
    this.#takeUp();
  }
}

/** The vector of an item; undefined when it has none that fits the index. */
export function vectorOf(
  item: Item,
  { VectorAttribute, Dimensions }: VectorIndexDefinition,
): Float32Array<ArrayBuffer> | undefined {
  const list = item[VectorAttribute.AttributeName]?.L;
  return list?.length === Dimensions ? floatsOf(list) : undefined;
}

/** Numbers as float32; undefined when one is not a number, or too large for it. */
export function floatsOf(list: readonly AttributeValue[]): Float32Array<ArrayBuffer> | undefined {
  const floats = new Float32Array(list.length);
  for (let i = 0; i < floats.length; i++) {
    const { N } = list[i]!;
    if (N === undefined) return undefined;
    floats[i] = Number(N);
    if (!Number.isFinite(floats[i])) return undefined;
  }
  return floats;
}

/** Values that are the same to DynamoDB have the same key. */
function valueKey(value: AttributeValue): string {
  return JSON.stringify(value);
}
