import type { TensorData } from '../../../../shared/program/tensor.ts';
import type { PagePort } from '../page-data.ts';
import { element, numberText, shapeText } from './dom.ts';

/** Classes and numbers that are shown at most. */
const MOST_BARS = 10;
const MOST_NUMBERS = 64;

/** Where something comes out of the model: probabilities as bars, images as images, the rest as numbers. */
export function outputView(port: PagePort, classes: readonly string[]) {
  const body = element('div', { class: 'result' });
  const view = element(
    'section',
    { class: 'output', 'data-output': port.name },
    element('h2', {}, port.name, element('small', {}, shapeText(port.shape.slice(1)))),
    body,
  );
  return {
    view,
    show(value: TensorData) {
      body.replaceChildren(viewOf(value, classes));
    },
  };
}

function viewOf(value: TensorData, classes: readonly string[]): HTMLElement {
  const [, ...sample] = value.shape;
  if (sample.length === 3 && [1, 3, 4].includes(sample[2]!)) return picture(value);
  const numbers = Array.from(value.data);
  if (sample.length === 1 && areProbabilities(numbers)) return bars(numbers, classes);
  return list(numbers);
}

/** Whether numbers are shares of one whole, or a single share. */
function areProbabilities(numbers: readonly number[]): boolean {
  const within = numbers.every((x) => x >= 0 && x <= 1);
  const sum = numbers.reduce((a, b) => a + b, 0);
  return within && (numbers.length === 1 || Math.abs(sum - 1) < 1e-3);
}

function bars(numbers: readonly number[], classes: readonly string[]): HTMLElement {
  const named = numbers.length === 1 || classes.length === numbers.length;
  const nameOf = (i: number) =>
    numbers.length === 1 ? (classes[1] ?? 'probability') : named ? classes[i]! : `class ${i}`;
  const sorted = numbers
    .map((probability, i) => ({ probability, name: nameOf(i) }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, MOST_BARS);
  return element(
    'ol',
    { class: 'bars' },
    ...sorted.map(({ probability, name }) => {
      const percent = `${(100 * probability).toFixed(1)} %`;
      const bar = element('span', { class: 'bar' });
      bar.style.width = `${100 * probability}%`;
      return element(
        'li',
        {},
        element('span', { class: 'name' }, name),
        element('span', { class: 'track' }, bar),
        element('span', { class: 'value' }, percent),
      );
    }),
  );
}

/** 0 is black and 1 white; what lies outside is cut off. */
function picture({ shape, data }: TensorData): HTMLElement {
  const [, height, width, channels] = shape as [number, number, number, number];
  const canvas = element('canvas', { width, height, class: 'picture' });
  const context = canvas.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 4; c++) {
      const known = c < 3 ? data[i * channels + (channels === 1 ? 0 : c)]! : 1;
      pixels.data[4 * i + c] = 255 * (c === 3 && channels === 4 ? data[i * 4 + 3]! : known);
    }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function list(numbers: readonly number[]): HTMLElement {
  const shown = numbers.slice(0, MOST_NUMBERS).map((x) => element('span', {}, numberText(x)));
  const more = numbers.length - shown.length;
  return element(
    'div',
    { class: 'numbers' },
    ...shown,
    ...(more > 0 ? [element('em', {}, `and ${more} more`)] : []),
  );
}
