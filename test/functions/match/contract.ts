import type { OpenAPIHono } from '@hono/zod-openapi';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

/** A JSON Schema as openapi.json has them. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content & { readonly required: boolean };
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

interface Document {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** openapi.json, and whether answers are as it says. */
export class Contract {
  readonly document: Document;
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(document: Document) {
    this.document = document;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
    // biome-ignore lint/suspicious/noExplicitAny: CommonJS, whose default is the module where it is imported so
    (addFormats as any)(this.#ajv);
    this.#ajv.addSchema(document, 'openapi.json');
  }

  static async of(app: OpenAPIHono): Promise<Contract> {
    return new Contract((await (await app.request('/openapi.json')).json()) as Document);
  }

  /** The schema itself, where a reference stands for it. */
  resolve(schema: Schema): Schema {
    return schema.$ref ? this.document.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;
  }

  operationOf(method: string, path: string): Operation | undefined {
    const pathname = path.split('?')[0]!;
    const fits = (template: string) =>
      new RegExp(`^${template.replace('{key}', '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`, 's').test(pathname);
    return this.operations.find((each) => each.method === method && fits(each.path));
  }

  /** Holds an answer against what its operation is said to answer: status, content type, code and every field. */
  check({ operationId, responses }: Operation, { status, headers }: Response, body: unknown): void {
    const said = responses[status];
    expect(said, `${operationId} is not said to answer ${status}: ${JSON.stringify(body)}`).toBeDefined();
    const type = headers.get('content-type') ?? '';
    const schema = said!.content?.[type]?.schema;
    expect(schema, `${operationId} is not said to answer ${status} as ${type}`).toBeDefined();
    if (status >= 400) expect(said!.description.split(', ')).toContain(`\`${(body as { code: string }).code}\``);
    const name = `${operationId} ${status}`;
    const validate = this.#validators.get(name) ?? this.#ajv.compile(inDocument(schema!) as object);
    this.#validators.set(name, validate);
    validate(body);
    expect(validate.errors ?? [], `${operationId}: ${JSON.stringify(body)}`).toEqual([]);
  }
}

/** References of a schema that is compiled by itself have to name the document. */
function inDocument(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi.json#/'));
}
