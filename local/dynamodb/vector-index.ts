import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './backend.ts';
import type { VectorIndexDefinition } from './definitions.ts';
import { searchExactly } from './exact-search.ts';
import { VectorRows } from './vector-rows.ts';

/** What a search asks for: a value for HASH, where the index has it, and for any of its inline filters. */
export type Condition = ReadonlyMap<string, AttributeValue>;

interface Group {
  readonly values: readonly string[];
  readonly rows: VectorRows;
}

/** One vector index in memory. Vectors that agree in HASH and all inline filters lie together, so that a search reads none in vain. */
export class VectorIndex {
  readonly definition: VectorIndexDefinition;
  readonly #attributes: readonly string[];
  readonly #groups = new Map<string, Group>();
  readonly #groupOfKey = new Map<string, Group>();

  constructor(definition: VectorIndexDefinition) {
    this.definition = definition;
    this.#attributes = definition.SearchSchema.map(({ AttributeName }) => AttributeName);
  }

  get size(): number {
    return this.#groupOfKey.size;
  }

  /** Takes up what an item has become; undefined when it is gone. */
  set(key: string, item: Item | undefined): void {
    const vector = item && vectorOf(item, this.definition);
    const values = item && this.#attributes.map((name) => item[name]);
    const known = this.#groupOfKey.get(key);
    const isWhole = vector && values?.every((value) => value !== undefined);
    const group = isWhole ? this.#group(values!.map((value) => valueKey(value!))) : undefined;
    if (known !== group) this.#delete(key, known);
    if (!vector || !group) return;
    group.rows.set(key, vector);
    this.#groupOfKey.set(key, group);
  }

  /** The keys of the `count` items nearest to a vector, the nearest first, with their scores. */
  search(query: Float32Array, condition: Condition, count: number): { readonly key: string; readonly score: number }[] {
    const wanted = this.#attributes.map((name) => condition.get(name)).map((value) => value && valueKey(value));
    const groups = [...this.#groups.values()]
      .filter(({ values }) => wanted.every((value, i) => value === undefined || value === values[i]))
      .map(({ rows }) => rows);
    return searchExactly(groups, query, count, this.definition.DistanceFunction).map(({ rows, row, score }) => ({
      key: rows.keyOf(row),
      score,
    }));
  }

  #group(values: readonly string[]): Group {
    const name = values.join();
    let group = this.#groups.get(name);
    if (!group) {
      group = { values, rows: new VectorRows(this.definition.Dimensions) };
      this.#groups.set(name, group);
    }
    return group;
  }

  #delete(key: string, group: Group | undefined): void {
    if (!group) return;
    group.rows.delete(key);
    this.#groupOfKey.delete(key);
    if (group.rows.size === 0) this.#groups.delete(group.values.join());
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
