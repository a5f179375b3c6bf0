import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ApiAuth } from '../../cdk/api-auth.ts';
import { synthesise } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

/** cfn-lint is a Python program: not a dependency, but a second opinion where it is installed. */
function isInstalled(): boolean {
  try {
    execFileSync('cfn-lint', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** What cfn-lint 1.51 has not heard of yet, and what CDK itself writes. Everything else is an error of ours. */
const known = [
  /^E3002 Additional properties are not allowed \('VectorIndexes' was unexpected\)/,
  // Attributes of a vector index's search schema have to be defined, too (API_SearchSchemaElement of DynamoDB's reference).
  /^E3039 .*'role'/,
  /^W3037 'searchvectors' is not one of/,
  // CDK lets a function wait for the whole role, its policy included; the reference to the role alone does not say so.
  /^W3005 .*Role.* dependency already enforced/,
];

it.skipIf(!isInstalled())(
  'cfn-lint finds nothing but what it does not know yet',
  () => {
    const template = synthesise({ apiAuth: ApiAuth.accessKeys(), photoRetentionDays: 30 });
    const file = join(mkdtempSync(join(tmpdir(), 'facenet-lint-')), 'template.json');
    writeFileSync(file, JSON.stringify(template.toJSON()));

    const findings = lint(file);

    expect(findings.filter((finding) => !known.some((pattern) => pattern.test(finding)))).toEqual([]);
    expect(findings.some((finding) => finding.startsWith('E3002'))).toBe(true);
  },
  300_000,
);

/** cfn-lint ends with 2 for errors, 4 for warnings, or their sum. */
function lint(file: string): string[] {
  let printed: string;
  try {
    printed = execFileSync('cfn-lint', ['--format', 'json', '--regions', 'eu-west-1', '--', file], {
      encoding: 'utf8',
    });
  } catch (error) {
    printed = (error as { readonly stdout: string }).stdout;
  }
  return (JSON.parse(printed) as { Rule: { Id: string }; Message: string }[]).map(
    ({ Rule, Message }) => `${Rule.Id} ${Message}`,
  );
}
