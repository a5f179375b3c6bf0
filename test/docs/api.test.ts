import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../lib/core/errors.ts';
import { Api } from '../functions/match/api.ts';

const guide = readFileSync('docs/api.md', 'utf8');

describe('docs/api.md', () => {
  it('has every error code, with its status and whether to retry', () => {
    const rows = [...guide.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \| .+ \|$/gm)].map(([, ...cells]) => cells);
    const table = Object.entries(errorTable).map(([code, { status, retryable }]) => [
      code,
      String(status),
      retryable ? 'yes' : 'no',
    ]);
    expect(rows).toEqual(table);
  });

  it('calls only what is there', async () => {
    const { app } = new Api();
    const calls = [...guide.matchAll(/^curl (.*?)"?\$API(\/[^\s"?]*)/gm)];
    expect(calls.length).toBeGreaterThan(10);
    for (const [call, options, path] of calls) {
      const method = /-X (\w+)/.exec(options!)?.[1] ?? (/-F|--data|--json/.test(options!) ? 'POST' : 'GET');
      const [, body] = /--json '([^']*)'/.exec(options!) ?? [];
      const sent = body ? { body, headers: { 'content-type': 'application/json' } } : {};
      const response = await app.request(path!, { method, ...sent });
      expect([200, 201, 400, 404, 413], call).toContain(response.status);
      expect(await response.text(), call).not.toContain('ROUTE_NOT_FOUND');
    }
  });
});
