import { resolve } from 'node:path';
import { bundle } from './bundle.ts';

/** The function that looks at issued keys, as Lambda names it. */
export const checkKeysHandler = 'functions/authorize/handler.handler';

/** The folder of its zip. */
export function checkKeysCode(): string {
  const folder = resolve('cdk.out', 'function-assets', 'authorize');
  bundle(['functions/authorize/handler'], folder);
  return folder;
}
