#!/usr/bin/env node
import { adoptDefaultRegion, quietenSdk } from '../lib/config.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';
import { goToCaller } from './working-folder.ts';

quietenSdk();
adoptDefaultRegion();
goToCaller();
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who read it has ended, as `| head` does, or `| tee` at Ctrl-C; what was begun is finished all the same.
    if (error.code !== 'EPIPE') throw error;
  });
}
await createProgram().parseAsync().catch(reportFailure);
