import { rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readIfThere } from '../../lib/adapters/files.ts';
import { invalid } from './errors.ts';

const name = z.string().min(1).max(255);

const indexSchema = z.object({
  IndexName: name.regex(/^[a-zA-Z0-9_.-]{3,}$/),
  VectorAttribute: z.object({ AttributeName: name }),
  /** DynamoDB's own limit is not written down anywhere; this is the one of its neighbour, OpenSearch. */
  Dimensions: z.int().min(1).max(16_000),
  DistanceFunction: z.enum(['EUCLIDEAN', 'COSINE', 'DOT_PRODUCT']),
  SearchSchema: z
    .array(z.object({ AttributeName: name, SearchSchemaElementType: z.enum(['HASH', 'INLINE_FILTER']) }))
    .default([]),
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(name).optional(),
  }),
});
const attributesSchema = z.array(z.object({ AttributeName: name, AttributeType: z.enum(['S', 'N', 'B']) }));
const tablesSchema = z.record(
  z.string(),
  z.object({ attributes: attributesSchema, indexes: z.array(indexSchema).min(1) }),
);

/** A vector index, as CreateTable defines it. */
export type VectorIndexDefinition = z.infer<typeof indexSchema>;
export type AttributeDefinition = z.infer<typeof attributesSchema>[number];
/** What the table behind does not know of a table. */
export interface TableVectors {
  /** Types of the attributes that only vector indexes speak of. */
  readonly attributes: readonly AttributeDefinition[];
  readonly indexes: readonly VectorIndexDefinition[];
}

/**
 * Checks the vector indexes that a request defines.
 * @throws DynamoDbError ValidationException
 */
export function readIndexes(given: unknown, attributes: unknown): VectorIndexDefinition[] {
  const indexes = parse(z.array(indexSchema).min(1), given, 'VectorIndexes');
  const defined = new Set(
    parse(attributesSchema, attributes, 'AttributeDefinitions').map(({ AttributeName }) => AttributeName),
  );
  checkIndexes(indexes, defined);
  return indexes;
}

function checkIndexes(indexes: readonly VectorIndexDefinition[], defined: ReadonlySet<string>): void {
  const dimensions = new Map<string, number>();
  const names = new Set<string>();
  for (const { IndexName, VectorAttribute, Dimensions, SearchSchema } of indexes) {
    if (names.has(IndexName))
      throw invalid(`One or more parameter values were invalid: Duplicate index name: ${IndexName}`);
    names.add(IndexName);
    if ((dimensions.get(VectorAttribute.AttributeName) ?? Dimensions) !== Dimensions) {
      throw invalid(
        `One or more parameter values were invalid: Vector indexes on the attribute ${VectorAttribute.AttributeName} must have the same number of dimensions`,
      );
    }
    dimensions.set(VectorAttribute.AttributeName, Dimensions);
    if (SearchSchema.filter(({ SearchSchemaElementType }) => SearchSchemaElementType === 'HASH').length > 1) {
      throw invalid(
        `One or more parameter values were invalid: More than one HASH in the search schema of ${IndexName}`,
      );
    }
    const undefinedName = SearchSchema.find(({ AttributeName }) => !defined.has(AttributeName))?.AttributeName;
    if (undefinedName !== undefined) {
      throw invalid(
        `One or more parameter values were invalid: Some search schema attributes are not defined in AttributeDefinitions. Attribute: ${undefinedName}`,
      );
    }
  }
}

/** Checks the attributes that an UpdateTable brings for a new index. */
export function readAttributes(given: unknown): AttributeDefinition[] {
  return parse(attributesSchema.default([]), given, 'AttributeDefinitions');
}

function parse<S extends z.ZodType>(schema: S, given: unknown, field: string): z.output<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(
    `1 validation error detected: Value at '${[field, ...path].join('.')}' failed to satisfy constraint: ${message}`,
  );
}

/** The vector indexes of all tables, kept in one file. */
export class Definitions {
  readonly #file: string;
  readonly #tables = new Map<string, TableVectors>();

  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<void> {
    const text = (await readIfThere(this.#file)) ?? '{}';
    for (const [table, vectors] of Object.entries(tablesSchema.parse(JSON.parse(text))))
      this.#tables.set(table, vectors);
  }

  get(table: string): TableVectors | undefined {
    return this.#tables.get(table);
  }

  tables(): string[] {
    return [...this.#tables.keys()];
  }

  /** Sets the vector indexes of a table; without any, forgets it. */
  async set(table: string, vectors: TableVectors | undefined): Promise<void> {
    if (vectors && vectors.indexes.length > 0) this.#tables.set(table, vectors);
    else this.#tables.delete(table);
    const draft = `${this.#file}.new`;
    await writeFile(draft, JSON.stringify(Object.fromEntries(this.#tables), null, 2));
    await rename(draft, this.#file);
  }
}
