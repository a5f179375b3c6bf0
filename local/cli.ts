#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '../functions/match/http/version.ts';
import { modelsCommand } from './commands/models.ts';
import { reportFailure } from './report-failure.ts';

const program = new Command('facenet')
  .description(
    'Find faces, know them again from one photo, and tell other systems: on this machine, with nothing but Node.',
  )
  .version(version)
  .showHelpAfterError('(--help tells what it takes)');
for (const command of [modelsCommand()]) program.addCommand(command);

await program.parseAsync().catch(reportFailure);
