import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says beside the code why a finding of cdk-nag is all right. `rule` is one of AWS Solutions (such as S1), or one that NIST 800-53 and HIPAA have in common. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  const packs = /^[A-Z]+\d+(\[|$)/.test(rule) ? ['AwsSolutions'] : ['NIST.800.53.R5', 'HIPAA.Security'];
  Validations.of(construct).acknowledge(...packs.map((pack) => ({ id: `${pack}-${rule}`, reason })));
}

/** The same for a resource with a `*` in a policy: each has to be named. */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  acknowledge(construct, `IAM5[Resource::${withNames(Stack.of(construct).resolve(resource))}]`, reason);
}

/** An ARN as cdk-nag writes it: what is known at deployment only stands in angle brackets. */
function withNames(arn: string | Readonly<Record<string, unknown>>): string {
  if (typeof arn === 'string') return arn;
  const [[kind, value]] = Object.entries(arn) as [[string, unknown]];
  if (kind === 'Fn::Join') return (value as [string, (typeof arn)[]])[1].map(withNames).join('');
  return `<${kind === 'Fn::GetAtt' ? (value as string[]).join('.') : value}>`;
}
