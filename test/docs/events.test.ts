import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { jsonSchemaOf, schemaFileOf } from '../../docs/events/generate.ts';
import { type EventType, eventSchemas } from '../../lib/core/events.ts';

describe('the published schema', () => {
  it.each(Object.keys(eventSchemas) as EventType[])(
    'of %s is the one the code checks (else: npm run schemas)',
    async (type) => {
      const published = await readFile(new URL(`../../docs/events/${schemaFileOf(type)}`, import.meta.url), 'utf8');
      expect(published).toBe(jsonSchemaOf(type));
    },
  );
});
