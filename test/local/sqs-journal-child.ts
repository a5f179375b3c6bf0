import { startSqs } from '../../local/sqs.ts';

const { url, queues } = await startSqs({
  queues: [{ name: 'work', visibilitySeconds: 30 }],
  journal: process.argv[2]!,
});
process.stdout.write(`${JSON.stringify({ url, queue: queues.work.url })}\n`);
