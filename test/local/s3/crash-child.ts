import { startS3 } from '../../../local/s3/server.ts';

const { url } = await startS3({
  root: process.argv[2]!,
  buckets: ['photos'],
  onChange: ({ Records }) => {
    for (const { s3 } of Records) process.stdout.write(`${s3.object.eTag}\n`);
  },
});
process.stdout.write(`${url}\n`);
