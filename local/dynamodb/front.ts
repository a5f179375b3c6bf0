import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { jsonOf } from '../../lib/core/json.ts';
import { readBody } from '../loopback-server.ts';
import { type Answer, type Backend, type Item, noSuchTable } from './backend.ts';
import { type Definitions, readAttributes, readIndexes, type TableVectors } from './definitions.ts';
import { DynamoDbError, invalid } from './errors.ts';
import type { FollowedTables } from './followed-tables.ts';
import { searchVectors } from './search-vectors.ts';
import { vectorOf } from './vector-index.ts';

/** DynamoDB's largest request, in bytes. */
const maxBytes = 16 * 1024 * 1024;

/** A request whose body has been read. */
interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Input = Readonly<Record<string, unknown>> & { readonly TableName?: string };
type Operation = (request: Request, input: Input) => Promise<Answer>;

/**
 * What stands in front of the table: it passes requests and answers through byte for byte, but for those that define, describe, fill or search vector indexes,
 * which the one behind does not know.
 */
export class Front {
  readonly #backend: Backend;
  readonly #definitions: Definitions;
  readonly #tables: FollowedTables;
  readonly #operations: Readonly<Record<string, Operation>> = {
    CreateTable: (request, input) => this.#createTable(request, input),
    UpdateTable: (request, input) => this.#updateTable(request, input),
    DescribeTable: (request) => this.#describing(request),
    DeleteTable: (request, input) => this.#deleteTable(request, input),
    SearchVectors: async (_, input) =>
      answerOf(await searchVectors(this.#tables, async (table) => !!(await this.#backend.describe(table)), input)),
    PutItem: (request, input) => this.#write(request, { [input.TableName!]: { puts: [input.Item as Item], keys: [] } }),
    UpdateItem: (request, input) =>
      this.#write(request, { [input.TableName!]: { puts: [], keys: [input.Key as Item] } }),
    DeleteItem: (request, input) =>
      this.#write(request, { [input.TableName!]: { puts: [], keys: [input.Key as Item] } }),
    BatchWriteItem: (request, input) => this.#write(request, batchWritesOf(input)),
  };

  constructor(backend: Backend, definitions: Definitions, tables: FollowedTables) {
    this.#backend = backend;
    this.#definitions = definitions;
    this.#tables = tables;
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await this.#answer(message);
    response.writeHead(status, headers).end(body);
  }

  async #answer(message: IncomingMessage): Promise<Answer> {
    const body = await readBody(message, maxBytes);
    if (!body) return { status: 413, headers: {}, body: Buffer.alloc(0) };
    const request = { headers: message.headers, body };
    const name = String(message.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
    const operation = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    const input = operation && inputOf(body);
    if (!operation || !input) return this.#pass(request);
    try {
      return await operation(request, input);
    } catch (error) {
      if (!(error instanceof DynamoDbError)) throw error;
      return answerOf(error, 400);
    }
  }

  #pass({ headers, body }: Request): Promise<Answer> {
    return this.#backend.forward(headers, body);
  }

  async #createTable(request: Request, input: Input): Promise<Answer> {
    const { VectorIndexes, ...rest } = input;
    const table = input.TableName;
    if (VectorIndexes === undefined || table === undefined) return this.#pass(request);
    const indexes = readIndexes(VectorIndexes, input.AttributeDefinitions);
    const { known, own } = splitAttributes(rest);
    const created = await this.#pass({
      ...request,
      body: Buffer.from(JSON.stringify({ ...rest, AttributeDefinitions: known })),
    });
    if (created.status !== 200) return created;
    await this.#definitions.set(table, { attributes: own, indexes });
    await this.#tables.follow(table, indexes);
    return this.#described(created);
  }

  async #updateTable(request: Request, { TableName: table, VectorIndexUpdates, ...rest }: Input): Promise<Answer> {
    if (VectorIndexUpdates === undefined || table === undefined) return this.#describing(request);
    const { AttributeDefinitions, ...others } = rest;
    const update = updatesSchema.safeParse(VectorIndexUpdates).data?.[0];
    if (!update || Object.keys(others).length > 0) {
      throw invalid(
        'One or more parameter values were invalid: Only one vector index can be created or deleted in one UpdateTable, and nothing else with it',
      );
    }
    const description = await this.#backend.describe(table);
    if (!description) throw noSuchTable(table);
    const vectors = this.#definitions.get(table) ?? { attributes: [], indexes: [] };
    if (update.Create) await this.#addIndex(table, description, vectors, update.Create, AttributeDefinitions);
    if (update.Delete) await this.#dropIndex(table, vectors, update.Delete.IndexName);
    return answerOf({ TableDescription: this.#decorate((await this.#backend.describe(table))!) });
  }

  async #addIndex(
    table: string,
    description: TableDescription,
    vectors: TableVectors,
    index: object,
    given: unknown,
  ): Promise<void> {
    const known = new Set(description.AttributeDefinitions!.map(({ AttributeName }) => AttributeName));
    const attributes = [...vectors.attributes];
    for (const attribute of readAttributes(given)) {
      const { AttributeName } = attribute;
      if (!known.has(AttributeName) && !attributes.some((other) => other.AttributeName === AttributeName))
        attributes.push(attribute);
    }
    const indexes = readIndexes([...vectors.indexes, index], [...description.AttributeDefinitions!, ...attributes]);
    await this.#definitions.set(table, { attributes, indexes });
    await this.#tables.follow(table, [indexes.at(-1)!]);
  }

  async #dropIndex(table: string, vectors: TableVectors, name: string): Promise<void> {
    if (!vectors.indexes.some(({ IndexName }) => IndexName === name)) {
      throw new DynamoDbError(
        'ResourceNotFoundException',
        `Requested resource not found: Vector index: ${name} not found`,
      );
    }
    const indexes = vectors.indexes.filter(({ IndexName }) => IndexName !== name);
    await this.#definitions.set(table, { ...vectors, indexes });
    this.#tables.forget(table, name);
  }

  async #deleteTable(request: Request, { TableName: table }: Input): Promise<Answer> {
    const answer = await this.#describing(request);
    if (answer.status === 200 && table !== undefined && this.#definitions.get(table)) {
      this.#tables.forget(table);
      await this.#definitions.set(table, undefined);
    }
    return answer;
  }

  async #describing(request: Request): Promise<Answer> {
    return this.#described(await this.#pass(request));
  }

  /** Adds the vector indexes to an answer that describes a table. */
  #described(answer: Answer): Answer {
    if (answer.status !== 200) return answer;
    const output: Readonly<Record<string, TableDescription>> = JSON.parse(answer.body.toString());
    const [field, description] = Object.entries(output)[0]!;
    if (!this.#definitions.get(description.TableName!)) return answer;
    return answerOf({ [field]: this.#decorate(description) });
  }

  #decorate(description: TableDescription): TableDescription {
    const { TableName, TableArn, AttributeDefinitions = [] } = description;
    const vectors = this.#definitions.get(TableName!);
    if (!vectors) return description;
    return {
      ...description,
      AttributeDefinitions: [...AttributeDefinitions, ...vectors.attributes],
      VectorIndexes: vectors.indexes.map((definition) => {
        const ItemCount = this.#tables.index(TableName!, definition.IndexName)?.size ?? 0;
        return {
          ...definition,
          IndexStatus: 'ACTIVE',
          ItemCount,
          IndexSizeBytes: ItemCount * definition.Dimensions * Float32Array.BYTES_PER_ELEMENT,
          IndexArn: `${TableArn}/index/${definition.IndexName}`,
        };
      }),
    };
  }

  /** Passes a write on and answers it when the vector indexes have taken it up. */
  async #write(request: Request, writes: Writes): Promise<Answer> {
    const followed = Object.entries(writes).filter(([table]) => this.#tables.has(table));
    for (const [table, { puts }] of followed) for (const item of puts) this.#checkVectors(table, item);
    const settled = followed.map(([table, { puts, keys }]) => this.#tables.announce(table, [...puts, ...keys]));
    const answer = await this.#pass(request);
    if (answer.status === 200) {
      await Promise.all(followed.map(([table, { puts, keys }]) => this.#tables.refresh(table, [...puts, ...keys])));
    }
    // What came of any other answer the next start finds out.
    if (answer.status === 200 || answer.status === 400) for (const settle of settled) settle();
    return answer;
  }

  /** Refuses an item whose vector does not fit, as DynamoDB does. What an UpdateItem makes of an item is not known beforehand: the index leaves it out. */
  #checkVectors(table: string, item: Item): void {
    for (const definition of this.#definitions.get(table)!.indexes) {
      const { AttributeName } = definition.VectorAttribute;
      if (item?.[AttributeName] === undefined || vectorOf(item, definition)) continue;
      throw invalid(
        `One or more parameter values were invalid: The vector attribute ${AttributeName} must be a list of ${definition.Dimensions} numbers that fit in 32-bit floating point format`,
      );
    }
  }
}

const updatesSchema = z
  .array(z.object({ Create: z.looseObject({}).optional(), Delete: z.object({ IndexName: z.string() }).optional() }))
  .length(1);

type Writes = Readonly<Record<string, { readonly puts: readonly Item[]; readonly keys: readonly Item[] }>>;

function batchWritesOf(input: Input): Writes {
  const requests = batchSchema.safeParse(input.RequestItems);
  // What cannot be followed must not reach the table.
  if (!requests.success)
    throw invalid('The batch must be lists of PutRequest and DeleteRequest by the names of tables');
  return Object.fromEntries(
    Object.entries(requests.data).map(([table, writes]) => [
      table,
      {
        puts: writes.flatMap(({ PutRequest }) => (PutRequest ? [PutRequest.Item] : [])),
        keys: writes.flatMap(({ DeleteRequest }) => (DeleteRequest ? [DeleteRequest.Key] : [])),
      },
    ]),
  );
}

const item = z.custom<Item>((value) => typeof value === 'object' && value !== null);
const batchSchema = z.record(
  z.string(),
  z.array(
    z.object({
      PutRequest: z.object({ Item: item }).optional(),
      DeleteRequest: z.object({ Key: item }).optional(),
    }),
  ),
);

/** Parts the attribute definitions that key schemas use from those that only vector indexes use, which the one behind would refuse. */
function splitAttributes(input: Input) {
  const {
    AttributeDefinitions,
    KeySchema,
    GlobalSecondaryIndexes = [],
    LocalSecondaryIndexes = [],
  } = input as Partial<TableDescription>;
  const schemas = [KeySchema, ...[...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].map((index) => index.KeySchema)];
  const keys = new Set(schemas.flatMap((schema) => schema?.map(({ AttributeName }) => AttributeName!) ?? []));
  const attributes = readAttributes(AttributeDefinitions);
  return {
    known: attributes.filter(({ AttributeName }) => keys.has(AttributeName)),
    own: attributes.filter(({ AttributeName }) => !keys.has(AttributeName)),
  };
}

const inputSchema = z.looseObject({ TableName: z.string().optional() });

/** What is not a JSON object, or names no table as one does, is left to the one behind to refuse. */
function inputOf(body: Buffer): Input | undefined {
  return inputSchema.safeParse(jsonOf(body.toString())).data as Input | undefined;
}

function answerOf(output: object, status = 200): Answer {
  const body = Buffer.from(JSON.stringify(output));
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': String(body.length),
    // botocore checks it.
    'x-amz-crc32': String(crc32(body)),
  };
  return { status, headers, body };
}
