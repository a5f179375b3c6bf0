/** What a function's process is told: one event, and until when it has to answer (milliseconds since 1970). */
export interface Invocation {
  readonly requestId: string;
  readonly functionName: string;
  readonly event: unknown;
  readonly deadline: number;
}

/** What it says when the handler's module is loaded, or cannot be, which the first event is told. */
export const loaded = 'loaded';

/** What it answers. */
export type InvocationResult =
  | { readonly requestId: string; readonly answer: unknown }
  | { readonly requestId: string; readonly error: { readonly name: string; readonly message: string } };
