import type { SearchVectorsCommandInput, SearchVectorsCommandOutput } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { noSuchTable } from './backend.ts';
import { invalid } from './errors.ts';
import type { FollowedTables } from './followed-tables.ts';
import { project, readProjection } from './projection.ts';
import { namesIn, readCondition } from './search-expression.ts';
import { floatsOf } from './vector-index.ts';

/** What one search answers at most. */
const mostResults = 100;

const value = z.record(z.string(), z.unknown());
const inputSchema = z.object({
  TableName: z.string(),
  IndexName: z.string(),
  SearchVector: z.array(value),
  TopK: z.int().min(1).max(mostResults),
  SearchConditionExpression: z.string().min(1).optional(),
  ProjectionExpression: z.string().min(1).optional(),
  ExpressionAttributeNames: z.record(z.string().regex(/^#/), z.string()).optional(),
  ExpressionAttributeValues: z.record(z.string().regex(/^:/), value).optional(),
});

type Output = Pick<SearchVectorsCommandOutput, 'SearchResults' | 'ConsumedCapacity'>;

/**
 * The SearchVectors operation, exactly: the nearest vectors of the index as it is now, the nearest first.
 * @throws DynamoDbError ValidationException, ResourceNotFoundException
 */
export async function searchVectors(
  tables: FollowedTables,
  tableExists: (table: string) => Promise<boolean>,
  input: unknown,
): Promise<Output> {
  const request = readInput(input);
  const { TableName, IndexName, SearchVector, TopK, ProjectionExpression, SearchConditionExpression } = request;
  const index = tables.index(TableName, IndexName);
  if (!index) {
    if (!(await tableExists(TableName))) throw noSuchTable(TableName);
    throw invalid(`The table does not have the specified index: ${IndexName}`);
  }
  const { definition } = index;
  if (SearchVector.length !== definition.Dimensions) {
    throw invalid(`Expected a search vector of ${definition.Dimensions} dimensions, received ${SearchVector.length}`);
  }
  const vector = floatsOf(SearchVector);
  if (!vector) throw invalid('The search vector must be a list of numbers that fit in 32-bit floating point format');
  const condition = readCondition(SearchConditionExpression, request, definition);
  checkNames(request);
  const wanted =
    ProjectionExpression === undefined
      ? undefined
      : readProjection(ProjectionExpression, request.ExpressionAttributeNames);

  const found = index.search(vector, condition, TopK);
  const items = await tables.items(
    TableName,
    found.map(({ key }) => key),
  );
  const keyNames = tables.keyNames(TableName);
  return {
    SearchResults: found.flatMap(({ score }, i) => {
      const item = items[i];
      return item ? { Item: project(item, definition, keyNames, wanted), Score: score } : [];
    }),
  };
}

type Request = SearchVectorsCommandInput & z.output<typeof inputSchema>;

function readInput(input: unknown): Request {
  const parsed = inputSchema.safeParse(input);
  if (parsed.success) return parsed.data as Request;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(`1 validation error detected: Value at '${path.join('.')}' failed to satisfy constraint: ${message}`);
}

function checkNames({ ExpressionAttributeNames = {}, SearchConditionExpression, ProjectionExpression }: Request): void {
  const used = namesIn(SearchConditionExpression, ProjectionExpression);
  const unused = Object.keys(ExpressionAttributeNames).filter((name) => !used.includes(name));
  if (unused.length === 0) return;
  throw invalid(`Value provided in ExpressionAttributeNames unused in expressions: keys: {${unused.join(', ')}}`);
}
