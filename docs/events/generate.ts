import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type EventType, eventSchemas } from '../../lib/core/events.ts';

/** The file in docs/events/ that holds the schema of an event's detail, such as `image-indexed.schema.json`. */
export function schemaFileOf(type: EventType): string {
  return `${type.toLowerCase().replaceAll(' ', '-')}.schema.json`;
}

/** The JSON Schema (draft 2020-12) of an event's detail, as text. It admits properties it does not name, as later minor versions add some. */
export function jsonSchemaOf(type: EventType): string {
  return `${JSON.stringify({ title: type, ...z.toJSONSchema(eventSchemas[type], { io: 'input' }) }, null, 2)}\n`;
}

if (import.meta.filename === process.argv[1]) {
  for (const type of Object.keys(eventSchemas) as EventType[]) {
    await writeFile(new URL(schemaFileOf(type), import.meta.url), jsonSchemaOf(type));
  }
}
