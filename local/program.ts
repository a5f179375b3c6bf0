import { Command } from 'commander';
import { version } from '../functions/match/http/version.ts';
import { addCommand } from './commands/add.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { compareCollectionsCommand } from './commands/compare-collections.ts';
import { demoCommand } from './commands/demo.ts';
import { evalCommand } from './commands/eval.ts';
import { facesCommand } from './commands/faces.ts';
import { forgetCommand } from './commands/forget.ts';
import { keysCommand } from './commands/keys.ts';
import { migrateCommand } from './commands/migrate.ts';
import { modelsCommand } from './commands/models.ts';
import { peopleCommand } from './commands/people.ts';
import { reembedCommand } from './commands/reembed.ts';
import { renameCommand } from './commands/rename.ts';
import { searchCommand } from './commands/search.ts';
import { smokeCommand } from './commands/smoke.ts';
import { startCommand } from './commands/start.ts';
import { trainCommand } from './commands/train.ts';
import { verifyCommand } from './commands/verify.ts';

/** The command line. Of a call that is wrong, and of one that asks for help, it throws a CommanderError when it has told what there is to tell. */
export function createProgram(): Command {
  const program = new Command('facenet')
    .description(
      'Find faces, know them again from one photo, and tell other systems: on this machine, with nothing but Node.',
    )
    .version(version)
    .showHelpAfterError('(--help tells what it takes)')
    .exitOverride();
  const commands = [
    startCommand(),
    addCommand(),
    verifyCommand(),
    searchCommand(),
    peopleCommand(),
    facesCommand(),
    renameCommand(),
    forgetCommand(),
    evalCommand(),
    reembedCommand(),
    migrateCommand(),
    compareCollectionsCommand(),
    trainCommand(),
    demoCommand(),
    calibrateCommand(),
    smokeCommand(),
    keysCommand(),
    modelsCommand(),
  ];
  for (const command of commands) {
    for (const each of [command, ...command.commands]) each.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}
