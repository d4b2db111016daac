import { expect, it } from 'vitest';
import { run } from './command.ts';

const commands = ['train', 'summary', 'prove', 'engines', 'export', 'serve'];

it.concurrent.each([[], ...commands.map((command) => [command])])(
  'helps with: %s',
  async (...command) => {
    const { code, stdout, stderr } = await run([...command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: matryoshka ${command.join(' ')}`));
  },
);

const wrong: [string, string[], RegExp][] = [
  ['no command', [], /^Usage: matryoshka/],
  ['an unknown command', ['trian'], /unknown command 'trian'/],
  ['an unknown option', ['train', 'autoencoder', '--epoch', '1'], /unknown option '--epoch'/],
  ['a missing argument', ['summary'], /missing required argument/],
  ['no number', ['train', 'autoencoder', '--epochs', 'two'], /Expected a whole number from 1/],
  ['an unknown style', ['summary', 'autoencoder', '--style', 'keras4'], /keras2, keras3/],
  ['no format', ['export', 'run', '--out', 'x'], /--format/],
];

it.concurrent.each(wrong)('refuses %s with exit code 2', async (_, args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

const failing: [string, string[], string][] = [
  ['template', ['summary', 'nothing'], 'there is no template "nothing"'],
  ['file', ['summary', 'nothing.json'], "nothing.json can't be read"],
  ['model', ['summary', 'autoencoder', '--model', 'x'], 'there is no model x; there are encoder'],
  ['template to train', ['train', 'nothing'], 'there is no template "nothing"'],
  ['run', ['export', 'nothing', '--format', 'tfjs', '--out', 'x'], 'nothing'],
];

it.concurrent.each(failing)(
  'says in one line that there is no such %s',
  async (_, args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^matryoshka: [^\n]+\n$/);
    expect(stderr).toContain(message);
  },
);
