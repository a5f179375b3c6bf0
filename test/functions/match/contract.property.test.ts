import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Api, inBase64, json } from './api.ts';
import { Contract, type Operation, type Parameter, type Schema } from './contract.ts';

let api: Api;
let contract: Contract;
beforeAll(async () => {
  api = new Api();
  contract = await Contract.of(api.app);
  await api.put({ 'people/alice/1.jpg': '10@40', 'photos/party.jpg': '12@30 120@40' });
});

const operations = (await Contract.of(new Api().app)).operations.map((each) => [each.operationId, each] as const);

/** Texts of the bytes that a schema allows at least and at most, in letters that take one byte each. */
function longAndShort({ minLength = 0, maxLength = 20 }: Schema): fc.Arbitrary<string> {
  return fc.constantFrom('a'.repeat(minLength), 'z'.repeat(maxLength), 'Ø'.slice(0, maxLength));
}

/** What a schema barely allows: the least, the most, and nothing that may be left out. */
function allowed(schema: Schema): fc.Arbitrary<unknown> {
  const it = contract.resolve(schema);
  if (it.enum) return fc.constantFrom(...it.enum);
  if (it.anyOf) return fc.oneof(...it.anyOf.map(allowed));
  switch (it.type) {
    case 'string':
      if (it.format === 'byte') return fc.constantFrom('', inBase64('10@40').bytes, inBase64('no face').bytes);
      if (it.format === 'uuid') return fc.uuid();
      if (it.pattern && it.pattern !== '^[^/]+$') return fc.stringMatching(new RegExp(it.pattern));
      return longAndShort(it);
    case 'integer':
      return fc.constantFrom(it.minimum ?? 0, it.maximum ?? 9);
    case 'number':
      return fc.constantFrom(it.minimum ?? 0, it.maximum ?? 2);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(allowed(it.items!), {
        minLength: it.minItems ?? 0,
        maxLength: Math.max(it.minItems ?? 0, Math.min(it.maxItems ?? 3, 100)),
        size: 'max',
      });
    case 'object': {
      const properties = Object.entries(it.properties ?? {}).map(([name, each]) => [name, allowed(each)] as const);
      const fields = fc.record(Object.fromEntries(properties), { requiredKeys: [...(it.required ?? [])] });
      const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = it;
      return fields.filter((value) => {
        const { length } = Object.keys(value);
        return length >= minProperties && length <= maxProperties;
      });
    }
    default:
      throw new Error(`There is no arbitrary for ${JSON.stringify(it)}.`);
  }
}

/** What a schema of a single value forbids, each a step beyond what it allows. `text`: as queries and paths bring it. */
function forbidden(schema: Schema, text: boolean): unknown[] {
  const it = contract.resolve(schema);
  const other = text ? [] : [null, {}, [[]]];
  switch (it.type) {
    case 'string': {
      const values: unknown[] = [...other, ...(text ? [] : [5])];
      if (it.minLength !== undefined) values.push('');
      if (it.maxLength !== undefined) values.push('z'.repeat(it.maxLength + 1), 'Ø'.repeat(it.maxLength));
      if (it.pattern === '^[^/]+$') values.push('a/b');
      if (it.format === 'uuid') values.push('not-a-uuid');
      if (it.enum) values.push('none of these');
      if (it.format === 'byte') values.push('?');
      return values;
    }
    case 'integer':
    case 'number':
      return [
        ...other,
        ...(it.type === 'integer' ? [1.5] : []),
        'many',
        ...(it.minimum === undefined ? [] : [it.minimum - 1]),
        ...(it.maximum === undefined || it.maximum === Number.MAX_SAFE_INTEGER ? [] : [it.maximum + 1]),
      ];
    case 'boolean':
      return [...other, 'maybe'];
    case 'array':
      return [
        '',
        {},
        ...(it.minItems ? [[]] : []),
        ...(it.maxItems ? [Array(it.maxItems + 1).fill(samples(it.items!))] : []),
      ];
    default:
      return ['text', 5, []];
  }
}

/** Something that a schema allows. */
function samples(schema: Schema): unknown {
  return fc.sample(allowed(schema), { numRuns: 1, seed: 1 })[0];
}

const parametersOf = ({ parameters = [] }: Operation, place: Parameter['in']) =>
  parameters.filter((parameter) => parameter.in === place);
const bodyOf = ({ requestBody }: Operation) => requestBody?.content?.['application/json']?.schema;

interface Call {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function send(operation: Operation, { path, query, body }: Call): Promise<Response> {
  const pathname = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return api.call(operation.method, `${pathname}?${search}`, bodyOf(operation) ? json(body) : {});
}

/** A call that the schemas allow. */
function callOf(operation: Operation): fc.Arbitrary<Call> {
  const record = (place: Parameter['in']) => {
    const parameters = parametersOf(operation, place);
    const required = parameters.filter((each) => each.required).map(({ name }) => name);
    return fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, allowed(schema)])), {
      requiredKeys: required,
    });
  };
  const schema = bodyOf(operation);
  const parts = { path: record('path'), query: record('query') };
  return schema ? fc.record({ ...parts, body: allowed(schema) }) : fc.record(parts);
}

/** Fields that may stand in the query or in the body have to stand in one of them, and some go with others alone: what a schema cannot say. */
const beyondSchemas =
  /once, received it twice|received (both|neither)|`next` of an earlier page|key of a photo|makes? (a|no) key/;

describe('what the schema barely allows', () => {
  it.each(operations)('is taken by %s', async (_, operation) => {
    await fc.assert(
      fc.asyncProperty(callOf(operation), async (call) => {
        const response = await send(operation, call);
        if (response.status !== 400) return;
        const { code, detail } = (await response.json()) as { code: string; detail: string };
        if (code === 'INVALID_REQUEST') expect(detail, JSON.stringify(call)).toMatch(beyondSchemas);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what the schema forbids', () => {
  it.each(operations)('is refused by %s, which says where', async (_, operation) => {
    const [sample] = fc.sample(callOf(operation), { numRuns: 1, seed: 7 }) as [Call];
    // A field that stands in the body must not stand in the query, too.
    const good = bodyOf(operation) ? { ...sample, query: {} } : sample;
    const refused = async (call: Call, name: string) => {
      const response = await send(operation, call);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      expect(code, `${name}: ${JSON.stringify(call).slice(0, 300)} ${detail}`).toBe('INVALID_REQUEST');
      expect(detail).toContain(name);
    };
    for (const place of ['path', 'query'] as const) {
      for (const { name, schema } of parametersOf(operation, place)) {
        for (const value of forbidden(schema, true)) {
          if (place === 'path' && value === '') continue;
          await refused({ ...good, [place]: { ...good[place], [name]: value } }, name);
        }
      }
    }
    await refused({ ...good, query: { ...good.query, unknown: 1 } }, 'unknown');
    const body = bodyOf(operation);
    if (!body) return;
    const { properties = {}, required = [] } = contract.resolve(body);
    const fields = good.body as Record<string, unknown>;
    for (const [name, schema] of Object.entries(properties)) {
      for (const value of forbidden(schema, false)) {
        await refused({ ...good, body: { ...fields, [name]: value } }, name);
      }
    }
    for (const name of required) {
      const rest = Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
      await refused({ ...good, body: rest }, name);
    }
    await refused({ ...good, body: { ...fields, unknown: 1 } }, 'unknown');
  });
});
