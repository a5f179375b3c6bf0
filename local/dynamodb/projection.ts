import type { Item } from './backend.ts';
import type { VectorIndexDefinition } from './definitions.ts';
import { invalid } from './errors.ts';

/**
 * Reads a ProjectionExpression. Only whole attributes can be asked for.
 * @throws DynamoDbError ValidationException
 */
export function readProjection(expression: string, names: Readonly<Record<string, string>> = {}): readonly string[] {
  return expression.split(',').map((part) => {
    const path = part.trim();
    const name = path.startsWith('#') ? names[path] : path;
    if (name === undefined || !/^[\w#]+$/.test(path)) {
      throw invalid(
        `Invalid ProjectionExpression: Expected names of attributes or defined expression attribute names, separated by commas; received: ${path}`,
      );
    }
    return name;
  });
}

/** The attributes of an item that an index holds, and of these the wanted ones. */
export function project(
  item: Item,
  { Projection, SearchSchema, VectorAttribute }: VectorIndexDefinition,
  keyNames: readonly string[],
  wanted: readonly string[] | undefined,
): Item {
  const { ProjectionType, NonKeyAttributes = [] } = Projection;
  const held =
    ProjectionType === 'ALL'
      ? undefined
      : new Set([
          ...keyNames,
          ...SearchSchema.map(({ AttributeName }) => AttributeName),
          VectorAttribute.AttributeName,
          ...(ProjectionType === 'INCLUDE' ? NonKeyAttributes : []),
        ]);
  const names = wanted ?? Object.keys(item);
  return Object.fromEntries(
    names.filter((name) => item[name] !== undefined && (held?.has(name) ?? true)).map((name) => [name, item[name]!]),
  );
}
