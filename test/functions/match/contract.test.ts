import { createConfig, lintFromString } from '@redocly/openapi-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorTable } from '../../../lib/core/errors.ts';
import { Api } from './api.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
interface Contract {
  readonly info: { readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let contract: Contract;
let operations: readonly (Operation & { readonly method: string; readonly path: string })[];
beforeAll(async () => {
  contract = await new Api().ask<Contract>('GET', '/openapi.json');
  operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
});

describe('openapi.json', () => {
  it("has nothing that Redocly's linter minds", async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: JSON.stringify(contract), config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });

  it('says for each operation which codes it answers, under their status', () => {
    for (const { operationId, responses } of operations) {
      for (const [status, { description }] of Object.entries(responses).filter(([status]) => status >= '400')) {
        const codes = description.match(/[A-Z_]{5,}/g) ?? [];
        expect(codes, operationId).not.toEqual([]);
        for (const code of codes) expect(errorTable[code as keyof typeof errorTable].status, code).toBe(Number(status));
      }
      expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['400', '401', '403', '500', '503']));
    }
  });

  it('lets every write carry an idempotency key', () => {
    const questions = ['verify', 'search', 'detect', 'identify'];
    const writes = operations.filter(({ method, operationId }) => method !== 'get' && !questions.includes(operationId));
    expect(writes.length).toBeGreaterThan(2);
    for (const { operationId, parameters = [] } of writes) {
      expect(parameters, operationId).toContainEqual(
        expect.objectContaining({ name: 'idempotency-key', in: 'header' }),
      );
    }
  });

  it('has an operation for every tag and a tag for every operation', () => {
    expect(operations.every(({ tags }) => tags.length === 1)).toBe(true);
    const used = new Set(operations.flatMap(({ tags }) => tags));
    expect(contract.tags.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  it('says the limits', () => {
    expect(contract.info.description).toContain('at most 100000 bytes');
    expect(contract.info.description).toContain('at most 1000000:');
  });
});
