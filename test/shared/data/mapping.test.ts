import { describe, expect, test } from 'vitest';
import { templates } from '../../../assets/templates/catalogue.ts';
import { contentOf } from '../../../assets/templates/template.ts';
import type { ShapedColumn } from '../../../shared/data/fit.ts';
import { fittingTasks, mapColumns, type Task } from '../../../shared/data/mapping.ts';
import { modelPorts, type ModelPorts } from '../../../shared/data/ports.ts';
import type { Shape } from '../../../shared/program/tensor.ts';

const digits = Array.from({ length: 10 }, (_, i) => String(i));
const image = (name = 'image', shape: Shape = [28, 28, 1]): ShapedColumn => ({
  name,
  kind: 'image',
  shape,
});
const label = (name = 'label', classes = digits): ShapedColumn => ({
  name,
  kind: 'class',
  shape: [],
  classes,
});
const number = (name: string): ShapedColumn => ({ name, kind: 'numbers', shape: [] });
const mnist = [image(), label()];

/** Ports by their shapes without the batch. */
function ports(
  inputs: Record<string, Shape>,
  outputs: Record<string, Shape>,
  sparse = false,
): ModelPorts {
  return {
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, shape: [null, ...shape], dtype: 'float32' })),
    outputs: Object.entries(outputs).map(([name, shape], index) => ({
      name, index, shape: [null, ...shape], sparse,
    })),
  }; // prettier-ignore
}

/** `input <- columns as what`, with why. */
function told(
  ports: ModelPorts,
  columns: ShapedColumn[],
  task: Task,
  chosen?: Parameters<typeof mapColumns>[3],
) {
  const { ties, problems } = mapColumns(ports, columns, task, chosen);
  return [
    ...ties.map(
      ({ port, columns, as, why, noisy }) =>
        `${port} <- ${columns.join('+')} ${as} (${why})${noisy ? ' noisy' : ''}`,
    ),
    ...problems.map(({ message }) => message),
  ];
}

const ofTemplate = (name: string) => {
  const { model, training } = contentOf(templates[name]!);
  return { ports: modelPorts(model, training.model, training), task: training.task };
};

describe('templates on MNIST', () => {
  test.each([
    ['autoencoder', ['img <- image values (shape)', 'decoder <- image values (task)']],
    ['classifier', ['img <- image values (shape)', 'head <- label index (task)']],
    ['multi-io', [
      'image <- image values (name)', 'digit <- label index (shape)',
      'reconstruction <- image values (task)', 'label <- label index (name)',
    ]],
    ['siamese', [
      'left <- image values (shape)', 'right <- other values (shape)', 'same <- same values (name)',
    ]],
  ])('%s', (name, expected) => {
    const { ports, task } = ofTemplate(name);
    expect(told(ports, mnist, task)).toEqual(expected);
  }); // prettier-ignore

  test('every template fits the task that it names', () => {
    for (const name of Object.keys(templates)) {
      const { ports, task } = ofTemplate(name);
      expect(fittingTasks(ports, mnist)).toContain(task);
    }
  });
});

describe('tasks', () => {
  test('denoise: what goes in is noisy, the clean image is the target', () => {
    expect(told(ports({ x: [28, 28, 1] }, { y: [28, 28, 1] }), mnist, 'denoise')).toEqual([
      'x <- image values (shape) noisy',
      'y <- image values (task)',
    ]);
  });

  test('classify: as numbers or one-hot by the loss, two classes as one number', () => {
    const input = { x: [28, 28, 1] };
    expect(told(ports(input, { y: [10] }, true), mnist, 'classify')[1]).toBe(
      'y <- label index (task)',
    );
    expect(told(ports(input, { y: [12] }), mnist, 'classify')[1]).toBe('y <- label one-hot (task)');
    const two = [image(), label('label', ['cat', 'dog'])];
    expect(told(ports(input, { y: [1] }), two, 'classify')[1]).toBe('y <- label index (task)');
    expect(told(ports(input, { y: [9] }, true), mnist, 'classify')[1]).toBe(
      'output y gives float32 (None, 9); to classify there is label (10 classes)',
    );
  });

  test('image to image: the target is the one that is called so, or the last', () => {
    const io = ports({ x: [8, 8, 3] }, { y: [8, 8, 3] });
    const pair = (a: string, b: string) => [image(a, [8, 8, 3]), image(b, [8, 8, 3])];
    const expected = (a: string, b: string) => [
      `x <- ${a} values (shape)`,
      `y <- ${b} values (task)`,
    ];
    expect(told(io, pair('input', 'target'), 'image-to-image')).toEqual(
      expected('input', 'target'),
    );
    expect(told(io, pair('clean', 'noisy'), 'image-to-image')).toEqual(expected('noisy', 'clean'));
    expect(told(io, pair('left', 'right'), 'image-to-image')).toEqual(expected('left', 'right'));
    expect(told(io, [image('only', [8, 8, 3])], 'image-to-image')[1]).toMatch(
      /output y.*there is no column/,
    );
  });

  test('regress: columns of numbers by name, else the last ones; several stacked; a class by its number', () => {
    const table = ['a', 'b', 'c', 'd'].map(number);
    expect(told(ports({ x: [3] }, { out: [1] }), table, 'regress')).toEqual([
      'x <- a+b+c values (shape)',
      'out <- d values (task)',
    ]);
    expect(told(ports({ x: [2] }, { out: [2] }), table, 'regress')).toEqual([
      'x <- a+b values (shape)',
      'out <- c+d values (task)',
    ]);
    expect(told(ports({ x: [2] }, { u: [1], v: [1] }), table, 'regress').slice(1)).toEqual([
      'u <- c values (task)',
      'v <- d values (task)',
    ]);
    expect(
      told(ports({ x: [2] }, { out: [1] }), [number('y'), number('a'), number('b')], 'regress'),
    ).toEqual(['x <- a+b values (shape)', 'out <- y values (task)']);
    expect(told(ports({ x: [28, 28, 1] }, { out: [1] }), mnist, 'regress')[1]).toBe(
      'out <- label number (task)',
    );
    const named = told(
      ports({ x: [28, 28, 1] }, { out: [1] }),
      [image(), label('k', ['cat', 'dog'])],
      'regress',
    );
    expect(named[1]).toMatch(
      /output out gives float32 \(None, 1\); to regress there is k \(2 classes\)/,
    );
  });

  test('vectors are stacked with the numbers beside them', () => {
    const features: ShapedColumn = { name: 'features', kind: 'numbers', shape: [2] };
    expect(told(ports({ x: [3] }, { out: [3] }), [features, number('c')], 'reconstruct')).toEqual([
      'x <- features+c values (shape)',
      'out <- features+c values (task)',
    ]);
    expect(told(ports({ x: [2] }, { out: [1] }), [features, number('c')], 'regress')).toEqual([
      'x <- features values (shape)',
      'out <- c values (task)',
    ]);
  });

  test('a table restores itself', () => {
    expect(told(ports({ x: [2] }, { out: [2] }), ['a', 'b'].map(number), 'reconstruct')).toEqual([
      'x <- a+b values (shape)',
      'out <- a+b values (task)',
    ]);
  });
});

describe('shapes', () => {
  test('an image fits a vector of as many numbers, and the other way around', () => {
    expect(told(ports({ x: [784] }, { y: [784] }), mnist, 'reconstruct')).toEqual([
      'x <- image values (shape)',
      'y <- image values (task)',
    ]);
    const vector: ShapedColumn = { name: 'pixels', kind: 'numbers', shape: [784] };
    expect(told(ports({ x: [28, 28, 1] }, { y: [28, 28, 1] }), [vector], 'reconstruct')).toEqual([
      'x <- pixels values (shape)',
      'y <- pixels values (task)',
    ]);
  });

  test('what does not fit is named with what is wanted and what there is', () => {
    expect(told(ports({ x: [32, 32, 3] }, { y: [10] }, true), mnist, 'classify')).toContain(
      'input x takes float32 (None, 32, 32, 3); there is image (28, 28, 1)',
    );
    const { problems } = mapColumns(
      ports({ x: [2] }, { y: [1] }),
      ['a', 'b', 'c', 'd'].map(number),
      'regress',
    );
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'ambiguous',
        message:
          'input x takes float32 (None, 2); there are 3 columns of numbers, a, b, c; choose 2',
      }),
    ]);
  });
});

describe('what is chosen', () => {
  const io = ports({ x: [2] }, { y: [1] });
  const table = ['a', 'b', 'c', 'd'].map(number);
  test('comes first', () => {
    expect(told(io, table, 'regress', { inputs: { x: ['d', 'a'] }, outputs: { y: 'b' } })).toEqual([
      'x <- d+a values (chosen)',
      'y <- b values (chosen)',
    ]);
  });
  test('is refused with what there is', () => {
    const choose = (inputs: Record<string, string>) =>
      told(io, table, 'regress', { inputs, outputs: {} });
    expect(choose({ x: 'e' })).toContain(
      'input x takes float32 (None, 2); there is no column e; there are a (a number), b (a number), c (a number), d (a number)',
    );
    expect(choose({ x: 'a' })).toContain('input x takes float32 (None, 2); chosen is a (a number)');
    expect(choose({ z: 'a' })).toContain('there is no input z; there are x');
  });
});
