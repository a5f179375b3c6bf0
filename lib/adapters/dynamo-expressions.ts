import { marshall } from '@aws-sdk/util-dynamodb';
import type { Item } from './dynamo-items.ts';

/**
 * The names and values that expressions speak of: `#name` is the attribute `name`, `:value` is taken from `values`. All attributes are written so, because
 * DynamoDB reserves words such as `status` and `collection`; and it refuses names and values that no expression speaks of, so the others stay out.
 * `aliases` gives attributes whose names are no words.
 */
export function expressionAttributes(
  expressions: readonly string[],
  values: Readonly<Record<string, unknown>>,
  aliases: Readonly<Record<string, string>> = {},
): { readonly ExpressionAttributeNames: Record<string, string>; readonly ExpressionAttributeValues?: Item } {
  const text = expressions.join(' ');
  const names = Array.from(
    text.matchAll(/#(\w+)/g),
    ([placeholder, name]) => [placeholder, aliases[name!] ?? name!] as const,
  );
  const used = Array.from(text.matchAll(/:(\w+)/g), ([placeholder, name]) => [placeholder, values[name!]] as const);
  return {
    ExpressionAttributeNames: Object.fromEntries(names),
    ...(used.length > 0 && { ExpressionAttributeValues: marshall(Object.fromEntries(used)) }),
  };
}
