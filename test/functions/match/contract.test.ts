import { createConfig, lintFromString } from '@redocly/openapi-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorTable } from '../../../lib/core/errors.ts';
import { Api } from './api.ts';
import { Contract } from './contract.ts';

let contract: Contract;
beforeAll(async () => {
  contract = await Contract.of(new Api().app);
});

describe('openapi.json', () => {
  it("has nothing that Redocly's linter minds", async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: JSON.stringify(contract.document), config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });

  it('says for each operation which codes it answers, under their status', () => {
    for (const { operationId, responses } of contract.operations) {
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
    const writes = contract.operations.filter(
      ({ method, operationId }) => method !== 'GET' && !questions.includes(operationId),
    );
    expect(writes.length).toBeGreaterThan(2);
    for (const { operationId, parameters = [] } of writes) {
      expect(parameters, operationId).toContainEqual(
        expect.objectContaining({ name: 'idempotency-key', in: 'header' }),
      );
    }
  });

  it('has an operation for every tag and a tag for every operation', () => {
    expect(contract.operations.every(({ tags }) => tags.length === 1)).toBe(true);
    const used = new Set(contract.operations.flatMap(({ tags }) => tags));
    expect(contract.document.tags.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  it('says the limits', () => {
    expect(contract.document.info.description).toContain('at most 100000 bytes');
    expect(contract.document.info.description).toContain('at most 1000000:');
  });
});
