import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../local/program.ts';
import { facenet } from './facenet.ts';

const names = createProgram().commands.map((command) => command.name());

describe('the command line', () => {
  it('lists every command in its help', async () => {
    const { code, stdout } = await facenet('--help');
    expect(code).toBe(0);
    for (const name of names) expect(stdout).toContain(`  ${name} `);
  });

  it.each(names)('tells what %s takes', async (name) => {
    const { code, stdout, stderr } = await facenet(name, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: facenet ${name} `));
    expect(stdout).toContain('Options:');
  });

  it.each([
    ['an unknown command', ['bogus'], "unknown command 'bogus'"],
    ['an unknown option', ['people', '--bogus'], "unknown option '--bogus'"],
    ['a missing argument', ['faces'], "missing required argument 'photo'"],
    ['an argument too many', ['people', 'alice'], 'too many arguments'],
    ['an option without its value', ['add', 'x.jpg', '--person'], 'argument missing'],
    ['a count that is none', ['search', 'x.jpg', '--count', '0'], 'a whole number from 1 to 100, received "0"'],
    ['a port that is none', ['start', '--port', '70000'], 'a whole number from 0 to 65535, received "70000"'],
  ])('ends with 2 on %s, and says where the help is', async (_, args, message) => {
    const { code, stdout, stderr } = await facenet(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
  });

  it('ends with 2 when no command is named, and prints the help on stderr', async () => {
    const { code, stdout, stderr } = await facenet();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: facenet');
  });

  it('prints its version', async () => {
    expect(await facenet('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
