import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { VectorIndexDefinition } from './definitions.ts';
import { invalid } from './errors.ts';
import type { Condition } from './vector-index.ts';

/** The parts of a request that its expressions lean on. */
export interface Substitutes {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined;
}

const token = /\s*([#:]?[A-Za-z_][\w]*|[#:]\w+|<=|>=|<>|[=<>().,[\]]|\d+|\S)/y;

/**
 * Reads a SearchConditionExpression: equalities joined by AND, over attributes of the search schema, HASH among them where the schema has one.
 * @throws DynamoDbError ValidationException
 */
export function readCondition(
  expression: string | undefined,
  { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} }: Substitutes,
  { SearchSchema, IndexName }: VectorIndexDefinition,
): Condition {
  const condition = new Map<string, AttributeValue>();
  const tokens = tokensOf(expression ?? '');
  for (const [left, operator, right] of equalitiesOf(tokens)) {
    const attribute = left.startsWith('#') ? names[left] : left;
    if (attribute === undefined)
      throw refused(`An expression attribute name used in the document path is not defined; attribute name: ${left}`);
    if (operator !== '=') throw refused(`Only the operator = is supported; operator: ${operator}`);
    const value = values[right];
    if (value === undefined)
      throw refused(`An expression attribute value used in expression is not defined; attribute value: ${right}`);
    if (!SearchSchema.some(({ AttributeName }) => AttributeName === attribute)) {
      throw refused(`Only attributes of the search schema of ${IndexName} can be used; attribute: ${attribute}`);
    }
    if (condition.has(attribute)) throw refused(`An attribute can be used once; attribute: ${attribute}`);
    condition.set(attribute, value);
  }
  const hash = SearchSchema.find(({ SearchSchemaElementType }) => SearchSchemaElementType === 'HASH')?.AttributeName;
  if (hash !== undefined && !condition.has(hash))
    throw refused(`The condition must have a value for the HASH attribute ${hash}`);
  const unused = Object.keys(values).filter((value) => !tokens.includes(value));
  if (unused.length > 0) {
    throw invalid(`Value provided in ExpressionAttributeValues unused in expressions: keys: {${unused.join(', ')}}`);
  }
  return condition;
}

/** The names (`#…`) that expressions use. */
export function namesIn(...expressions: readonly (string | undefined)[]): string[] {
  return expressions.flatMap((expression) => tokensOf(expression ?? '')).filter((part) => part.startsWith('#'));
}

function tokensOf(expression: string): string[] {
  return Array.from(expression.matchAll(new RegExp(token, 'gy')), ([, part]) => part!);
}

/** Cuts `(a = :a) AND b = :b` into its equalities, whatever their parentheses, which AND alone needs none of. */
function equalitiesOf(tokens: readonly string[]): string[][] {
  if (tokens.length === 0) return [];
  const plain = tokens.filter((part) => part !== '(' && part !== ')');
  const equalities: string[][] = [];
  for (let i = 0; i < plain.length; i += 4) {
    const [left, operator, right, and] = plain.slice(i, i + 4);
    const isWhole = left !== undefined && operator !== undefined && right !== undefined;
    const goesOn = and?.toUpperCase() === 'AND' && i + 4 < plain.length;
    if (!isWhole || !(and === undefined || goesOn)) throw refused(`Syntax error; token: "${and ?? plain.at(-1)}"`);
    equalities.push([left, operator, right]);
  }
  return equalities;
}

function refused(reason: string): Error {
  return invalid(`Invalid SearchConditionExpression: ${reason}`);
}
