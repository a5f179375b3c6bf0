import type { Context } from 'aws-lambda';

/** What a test asks of the handler. */
export type Wish = keyof typeof wishes;

const start = Date.now();

const wishes = {
  async context(context: Context) {
    const { awsRequestId, functionName } = context;
    const remaining = context.getRemainingTimeInMillis();
    return { awsRequestId, functionName, remaining, sinceStart: Date.now() - start };
  },
  async process() {
    return { pid: process.pid, start };
  },
  async environment() {
    return { given: process.env.GIVEN, path: process.env.PATH };
  },
  async nothing() {
    return undefined;
  },
  async throw() {
    throw new RangeError('too far');
  },
  async throwText() {
    throw 'only a text';
  },
  async die() {
    console.log('last words');
    process.exit(7);
  },
  async dieLater() {
    setTimeout(() => process.exit(8), 50);
    return process.pid;
  },
  async hang() {
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  async spin() {
    for (;;);
  },
  async doze() {
    const from = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 400));
    return { from, to: Date.now(), pid: process.pid };
  },
  async print() {
    console.log('to stdout');
    console.error('to stderr');
  },
};

export const handler = (wish: Wish, context: Context): Promise<unknown> => wishes[wish](context);
