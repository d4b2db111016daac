import { sizeOf, tensor } from '../../../../shared/program/tensor.ts';
import type { PageInput } from '../page-data.ts';
import { element, shapeText } from './dom.ts';
import type { InputView } from './image-input.ts';

/** So many numbers get a slider each; more are written as text. */
const MOST_SLIDERS = 32;
/** Open dimensions begin with this. */
const OPEN = 8;

/** Numbers to set: a slider each, or a list of them. */
export function numbersInput(input: PageInput, changed: () => void): InputView {
  const [, ...sample] = input.shape.map((dim) => dim ?? OPEN);
  const count = sizeOf(sample);
  const whole = input.dtype !== 'float32';
  const numbers =
    count <= MOST_SLIDERS ? sliders(count, whole, changed) : list(count, whole, changed);
  const random = element('button', { type: 'button' }, 'Random');
  const zero = element('button', { type: 'button' }, 'Zero');
  random.onclick = () => {
    numbers.set(Array.from({ length: count }, () => drawn(whole)));
    changed();
  };
  zero.onclick = () => {
    numbers.set(Array<number>(count).fill(0));
    changed();
  };
  return {
    view: element(
      'section',
      { class: 'input' },
      element('h2', {}, input.name, element('small', {}, shapeText(input.shape.slice(1)))),
      numbers.view,
      element('div', { class: 'row' }, random, zero),
    ),
    value: () => tensor(numbers.get(), [1, ...sample], input.dtype),
  };
}

/** A number as they come out of a normal distribution, or one of a few whole ones. */
function drawn(whole: boolean): number {
  if (whole) return Math.floor(Math.random() * 10);
  const size = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return size * Math.cos(2 * Math.PI * Math.random());
}

interface Numbers {
  readonly view: HTMLElement;
  get(): number[];
  set(numbers: readonly number[]): void;
}

function sliders(count: number, whole: boolean, changed: () => void): Numbers {
  const range = whole ? { min: 0, max: 99, step: 1 } : { min: -3, max: 3, step: 0.01 };
  const rows = Array.from({ length: count }, (_, i) => {
    const slider = element('input', { type: 'range', ...range, value: 0, 'aria-label': `${i}` });
    const text = element('output', {}, '0');
    slider.oninput = () => {
      text.textContent = slider.value;
      changed();
    };
    return { slider, text, row: element('label', { class: 'slider' }, `${i}`, slider, text) };
  });
  return {
    view: element('div', { class: 'sliders' }, ...rows.map(({ row }) => row)),
    get: () => rows.map(({ slider }) => Number(slider.value)),
    set(numbers) {
      rows.forEach(({ slider, text }, i) => {
        slider.value = String(numbers[i]);
        text.textContent = slider.value;
      });
    },
  };
}

function list(count: number, whole: boolean, changed: () => void): Numbers {
  const field = element('textarea', { rows: 8, spellcheck: 'false' });
  const note = element('p', { class: 'hint' });
  let numbers = Array<number>(count).fill(0);
  const set = (given: readonly number[]) => {
    numbers = [...given];
    field.value = given.map((x) => String(whole ? x : Number(x.toFixed(4)))).join(', ');
    note.textContent = `${count} numbers`;
  };
  field.oninput = () => {
    const given = field.value
      .split(/[\s,;[\]]+/)
      .filter(Boolean)
      .map(Number);
    const fits = given.length === count && given.every(Number.isFinite);
    note.textContent = fits
      ? `${count} numbers`
      : `${count} numbers are wanted; there are ${given.filter(Number.isFinite).length}`;
    if (!fits) return;
    numbers = given;
    changed();
  };
  set(numbers);
  return { view: element('div', {}, field, note), get: () => numbers, set };
}
