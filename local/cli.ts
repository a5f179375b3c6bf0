#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '../functions/match/http/version.ts';
import { quietenSdk } from '../lib/config.ts';
import { addCommand } from './commands/add.ts';
import { evalCommand } from './commands/eval.ts';
import { facesCommand } from './commands/faces.ts';
import { forgetCommand } from './commands/forget.ts';
import { modelsCommand } from './commands/models.ts';
import { peopleCommand } from './commands/people.ts';
import { searchCommand } from './commands/search.ts';
import { startCommand } from './commands/start.ts';
import { verifyCommand } from './commands/verify.ts';
import { reportFailure } from './report-failure.ts';

quietenSdk();
const program = new Command('facenet')
  .description(
    'Find faces, know them again from one photo, and tell other systems: on this machine, with nothing but Node.',
  )
  .version(version)
  .showHelpAfterError('(--help tells what it takes)');
const commands = [
  startCommand(),
  addCommand(),
  verifyCommand(),
  searchCommand(),
  peopleCommand(),
  facesCommand(),
  forgetCommand(),
  evalCommand(),
  modelsCommand(),
];
for (const command of commands) program.addCommand(command);

await program.parseAsync().catch(reportFailure);
