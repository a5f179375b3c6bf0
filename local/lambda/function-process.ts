import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import { type Invocation, type InvocationResult, loaded } from './invocation.ts';

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The process of one function: it imports the handler's module, and runs it for each event that it is sent, one at a time. */
const handler = import(pathToFileURL(process.argv[2]!).href).then((module) => module.handler as Handler);

void handler.catch(() => {}).then(() => process.send!(loaded));

process.on('message', async (invocation: Invocation) => {
  process.send!(await run(invocation));
});
// Ctrl-C reaches the whole group of processes; what is under way is ended by the one that sent it.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

async function run({ requestId, functionName, event, deadline }: Invocation): Promise<InvocationResult> {
  try {
    return { requestId, answer: await (await handler)(event, contextOf(requestId, functionName, deadline)) };
  } catch (error) {
    console.error(error);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { requestId, error: { name, message } };
  }
}

/** What handlers and their libraries read of Lambda's context. */
function contextOf(awsRequestId: string, functionName: string, deadline: number): Context {
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: '2048',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: String(process.pid),
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done() {},
    fail() {},
    succeed() {},
  };
}
