import { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { addDataFlags, withDataFlags, type DataFlags } from '../../../main/cli/data-flags.ts';
import { dataSettings, type DataSettings } from '../../../shared/data/settings.ts';

const before = z.object(dataSettings).parse({ preprocessing: { '*': { fit: 'pad' } } });

/** What the flags make of settings. */
function parsed(flags: string, data?: string): DataSettings {
  const command = addDataFlags(new Command()).exitOverride();
  command.configureOutput({ writeErr: () => {} });
  const args = flags.split(' ').filter(Boolean);
  return withDataFlags(before, command.parse(args, { from: 'user' }).opts<DataFlags>(), data);
}

test('without flags all stays as it is', () => {
  expect(parsed('')).toEqual(before);
});

test('flags go where the settings have them', () => {
  expect(
    parsed(
      '--task regress --size 32x24 --color rgb --scale signed --standardize --input x=a,b --target y=c ' +
        '--noise masking --noise-amount 0.5 --augment flip=horizontal --augment rotation=0.1',
    ),
  ).toMatchObject({
    task: 'regress',
    preprocessing: {
      '*': { fit: 'pad', size: [32, 24], color: 'rgb', scale: 'signed', normalize: 'standard' },
    },
    columns: { inputs: { x: ['a', 'b'] }, outputs: { y: 'c' } },
    noise: { kind: 'masking', amount: 0.5 },
    augmentation: { flip: 'horizontal', rotation: 0.1, zoom: 0 },
  });
  expect(
    parsed(
      '--kind csv --column age=numbers --no-header --delimiter ; --image-shape 28x28x1 --class-folders top',
    ).recognise,
  ).toEqual({
    kind: 'csv',
    columns: { age: 'numbers' },
    header: false,
    delimiter: ';',
    imageShape: [28, 28, 1],
    classFolders: 'top',
  });
});

test('a share asks for a split by ratio', () => {
  const { split } = parsed('--validation 0.1 --test 0.2 --split-seed 5 --no-stratify');
  expect(split).toEqual({ by: 'ratio', validation: 0.1, test: 0.2, seed: 5, stratify: false });
  expect(parsed('--split given --validation 0.1').split.by).toBe('given');
});

test('other data lose what was set for the columns of the old', () => {
  expect(parsed('--color grey', 'elsewhere')).toMatchObject({
    data: 'elsewhere',
    preprocessing: { '*': { color: 'grey' } },
  });
  expect(parsed('', 'elsewhere').preprocessing).toEqual({});
});

test.each([
  ['--size 32', /Expected HxW, as in 28x28/],
  ['--size 0x4', /Expected HxW/],
  ['--input x', /Expected name=value/],
  ['--validation 1.5', /Expected a number from 0 to 1/],
  ['--task guess', /Allowed choices are reconstruct/],
  ['--column age=colour', /recognise\.columns\.age/],
  ['--augment turn=1', /augmentation: .*turn/],
  ['--augment rotation=2', /augmentation\.rotation/],
])('%s is refused by name', (flags, message) => {
  expect(() => parsed(flags)).toThrow(message);
});
