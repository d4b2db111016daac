import { tensor, type TensorData } from '../../../../shared/program/tensor.ts';
import type { PageInput } from '../page-data.ts';
import { element, shapeText } from './dom.ts';

/** The side of the field that is drawn on, in px. */
const FIELD = 280;
/** A longer side of a picture is reduced to this. */
const LONGEST = 1024;

/** Where something goes into the model. */
export interface InputView {
  readonly view: HTMLElement;
  /** What is there now, with a batch of 1. */
  value(): TensorData;
  /** Takes a picture, where it takes any. */
  take?(picture: Blob): Promise<void>;
}

/** A field to draw on, which pictures can be dropped onto, chosen for or pasted into. */
export function imageInput({ name, image }: PageInput, changed: () => void): InputView {
  const { size, color, background } = image!;
  const grey = color === 'grey';
  const ratio = size[1] / size[0];
  const canvas = element('canvas', {
    width: Math.round(FIELD * Math.min(1, ratio)),
    height: Math.round(FIELD / Math.max(1, ratio)),
    class: 'field',
    tabindex: 0,
    'aria-label': `${name}: draw here, or drop a picture`,
  });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const [own] = [{ width: canvas.width, height: canvas.height }];
  const invert = element('input', { type: 'checkbox' });
  const file = element('input', { type: 'file', accept: 'image/*', class: 'hidden' });
  const open = element('button', { type: 'button' }, 'Open picture…');
  const clear = element('button', { type: 'button' }, 'Clear');
  const problem = element('p', { class: 'problem', role: 'alert' });
  open.onclick = () => file.click();
  file.onchange = () => {
    const [picture] = file.files ?? [];
    if (picture) void take(picture);
    file.value = '';
  };
  invert.onchange = changed;

  function wipe(): void {
    canvas.width = own.width;
    canvas.height = own.height;
    context.fillStyle = `rgb(0 0 0 / 1)`;
    if (!grey) context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  clear.onclick = () => {
    wipe();
    changed();
  };

  async function take(picture: Blob): Promise<void> {
    problem.textContent = '';
    try {
      const bitmap = await createImageBitmap(picture);
      const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      const level = Math.round(background * 255);
      if (color !== 'rgba') {
        context.fillStyle = `rgb(${level} ${level} ${level})`;
        context.fillRect(0, 0, canvas.width, canvas.height);
      }
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      changed();
    } catch {
      problem.textContent = 'This is no picture that the browser can read.';
    }
  }

  drawOn(canvas, context, grey ? '#fff' : '#222', changed);
  wipe();
  const controls = element('div', { class: 'row' }, open, clear);
  if (grey) controls.append(element('label', {}, invert, 'Invert'));
  const hint = grey
    ? 'Draw here, or drop a picture. White on black; tick Invert for dark on light.'
    : 'Drop a picture here, or draw.';
  return {
    view: element(
      'section',
      { class: 'input' },
      element('h2', {}, name, element('small', {}, shapeText([...size, channelsOf(color)]))),
      canvas,
      controls,
      file,
      element('p', { class: 'hint' }, hint),
      problem,
    ),
    value: () => pixelsOf(canvas, context, channelsOf(grey ? 'rgb' : color), invert.checked),
    take,
  };
}

function channelsOf(color: NonNullable<PageInput['image']>['color']): number {
  return typeof color === 'number' ? color : { grey: 1, rgb: 3, rgba: 4 }[color];
}

/** Levels 0 to 255, [1, height, width, channels]. */
function pixelsOf(
  { width, height }: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  channels: number,
  inverted: boolean,
): TensorData {
  const { data } = context.getImageData(0, 0, width, height);
  const levels = new Float32Array(width * height * channels);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < channels; c++) {
      const level = data[4 * i + Math.min(c, 3)]!;
      levels[i * channels + c] = inverted && c < 3 ? 255 - level : level;
    }
  return tensor(levels, [1, height, width, channels]);
}

/** Strokes follow the pointer, as wide as a digit's are. */
function drawOn(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  ink: string,
  changed: () => void,
): void {
  let last: readonly [number, number] | null = null;
  const position = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [
      ((event.clientX - left) / width) * canvas.width,
      ((event.clientY - top) / height) * canvas.height,
    ];
  };
  const stroke = (event: PointerEvent) => {
    const [x, y] = position(event);
    context.strokeStyle = ink;
    context.lineWidth = Math.min(canvas.width, canvas.height) / 13;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...(last ?? [x, y]));
    context.lineTo(x, y);
    context.stroke();
    last = [x, y];
    changed();
  };
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(event);
  };
  canvas.onpointermove = (event) => {
    if (last) stroke(event);
  };
  canvas.onpointerup = canvas.onpointercancel = () => (last = null);
}
