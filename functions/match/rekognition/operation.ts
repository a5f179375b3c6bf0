import type { z } from 'zod';
import type { Scope } from '../../../lib/core/access-keys.ts';
import type { ApiPorts } from '../http/app.ts';

/** One operation of the protocol: what it takes, which scope of an access key it needs, what it answers. */
export interface Operation {
  readonly scope: Scope;
  readonly input: z.ZodType;
  readonly run: (ports: ApiPorts, input: unknown) => Promise<object>;
}

/** Makes an operation of a schema and of what to do with an input that fits it. */
export function operation<S extends z.ZodType>(
  scope: Scope,
  input: S,
  run: (ports: ApiPorts, input: z.output<S>) => Promise<object>,
): Operation {
  return { scope, input, run: (ports, checked) => run(ports, checked as z.output<S>) };
}
