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
    .addHelpCommand(
      new Command('help').argument('[command]').description('tell what a command takes').helpGroup('To begin with:'),
    )
    .exitOverride();
  const groups: Readonly<Record<string, readonly Command[]>> = {
    'To begin with:': [startCommand(), demoCommand()],
    'Photos and people:': [
      addCommand(),
      facesCommand(),
      verifyCommand(),
      searchCommand(),
      peopleCommand(),
      renameCommand(),
      forgetCommand(),
    ],
    'Deployments, and what calls them:': [keysCommand(), smokeCommand(), migrateCommand(), compareCollectionsCommand()],
    'Models, and how good they are:': [
      modelsCommand(),
      evalCommand(),
      calibrateCommand(),
      trainCommand(),
      reembedCommand(),
    ],
  };
  for (const [heading, commands] of Object.entries(groups)) {
    for (const command of commands) {
      for (const each of [command, ...command.commands]) each.copyInheritedSettings(program);
      program.addCommand(command.helpGroup(heading));
    }
  }
  return program;
}
