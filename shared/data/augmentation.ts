import { z } from 'zod';
import { createOps, type Ops, type Value } from '../program/builder.ts';
import type { Program } from '../program/program.ts';
import { callChain, type KerasLayer } from './chain.ts';

const share = z.number().min(0).max(1).default(0);

/** How training images are varied. Shares as Keras's layers take them; 0 and `none` leave images as they are. */
export const augmentation = z.strictObject({
  flip: z.enum(['none', 'horizontal', 'vertical', 'horizontal_and_vertical']).default('none'),
  /** Of a full turn, to either side. */
  rotation: share,
  /** Of the size, in and out. */
  zoom: z.number().min(0).max(0.99).default(0),
  /** Of height and width, in any direction. */
  translation: share,
  contrast: share,
  /** Of the range of values. */
  brightness: share,
  /** What comes in from beyond the border. */
  fill_mode: z.enum(['constant', 'nearest', 'reflect', 'wrap']).default('nearest'),
});

export type Augmentation = z.infer<typeof augmentation>;

/** Where black and white lie after preprocessing. */
export type ValueRange = readonly [low: number, high: number];

/** The layers that move pixels; images that belong together are moved alike. */
function geometricLayers(settings: Augmentation, [low]: ValueRange): KerasLayer[] {
  const { flip, rotation, zoom, translation, fill_mode } = settings;
  const fill = { fill_mode, fill_value: low };
  const layers: KerasLayer[] = [];
  const add = (class_name: string, config: KerasLayer['config']) =>
    layers.push({ class_name, config });
  if (flip !== 'none') add('RandomFlip', { mode: flip });
  if (rotation > 0) add('RandomRotation', { factor: rotation, ...fill });
  if (zoom > 0) add('RandomZoom', { height_factor: zoom, width_factor: null, ...fill });
  if (translation > 0)
    add('RandomTranslation', { height_factor: translation, width_factor: translation, ...fill });
  return layers;
}

/** The layers that change what pixels hold. */
function photometricLayers(settings: Augmentation, range: ValueRange): KerasLayer[] {
  const value_range = [...range];
  const { contrast, brightness } = settings;
  return [
    ...(contrast > 0
      ? [{ class_name: 'RandomContrast', config: { factor: contrast, value_range } }]
      : []),
    ...(brightness > 0
      ? [{ class_name: 'RandomBrightness', config: { factor: brightness, value_range } }]
      : []),
  ];
}

/** Whether any switch is on. */
export function augments(settings: Augmentation): boolean {
  return geometricLayers(settings, [0, 1]).length + photometricLayers(settings, [0, 1]).length > 0;
}

/** Images of a sample that are varied together. */
export interface AugmentedGroup {
  /** Columns of one height and width. */
  readonly columns: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** How many of the columns, from the first on, change their brightness and contrast too. */
  readonly photometric: number;
}

/**
 * The program that varies a batch of images: feeds and outputs are the columns, in float32. Each group draws numbers
 * of its own; within a group pixels move alike. Throws a RangeError for images of different sizes in a group.
 */
export function augmentationProgram(
  settings: Augmentation,
  groups: readonly AugmentedGroup[],
  range: ValueRange,
): Program {
  const ops = createOps();
  const outputs: Record<string, Value> = {};
  groups.forEach(({ columns, photometric }, group) => {
    const sizes = new Set(columns.map(({ shape }) => shape.slice(0, 2).join('×')));
    if (sizes.size > 1)
      throw new RangeError(
        `images that are turned and moved together need one size; ${columns.map(({ name, shape }) => `${name} is ${shape.slice(0, 2).join('×')}`).join(', ')}`,
      );
    const feeds = columns.map(({ name, shape }) => ops.feed(name, [null, ...shape]));
    const moved = apart(
      ops,
      callChain(ops, ops.concat(feeds, 3), geometricLayers(settings, range), {
        path: `augment/${group}`,
        training: true,
      }),
      columns.map(({ shape }) => shape.at(-1)!),
    );
    columns.forEach(({ name }, i) => {
      const layers = i < photometric ? photometricLayers(settings, range) : [];
      outputs[name] = callChain(ops, moved[i]!, layers, {
        path: `augment/${group}/${name}`,
        training: true,
      });
    });
  });
  return ops.program(outputs);
}

/** Images with these numbers of channels that stand one after the other. */
function apart(ops: Ops, images: Value, channels: readonly number[]): Value[] {
  let at = 0;
  const [, height, width] = images.shape as readonly [null, number, number, number];
  return channels.map((count) => {
    const part = ops.slice(images, [0, 0, 0, at], [null, height, width, count]);
    at += count;
    return part;
  });
}
