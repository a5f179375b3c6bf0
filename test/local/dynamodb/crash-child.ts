import { startDynamoDb } from '../../../local/dynamodb/server.ts';

const { url } = await startDynamoDb({ path: process.argv[2]! });
process.stdout.write(`${url}\n`);
