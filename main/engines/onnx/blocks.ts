import type { DType } from '../../../shared/program/tensor.ts';
import type { OnnxGraph } from './graph.ts';
import type { Attributes } from './model.ts';
import type { Window } from './window.ts';
import { padsAttribute } from './window.ts';

/** The domain of ONNX Runtime's operators on blocked images; it is the library's own, not ONNX's. */
export const BLOCKS_DOMAIN = 'com.microsoft.nchwc';

/**
 * Writes ONNX Runtime's operators on blocked images, which its optimizer would use itself if filters were constant:
 * onnxruntime/core/optimizer/nchwc_transformer.cc. They name an image's shape [N, C, H, W] although its numbers lie
 * as [N, C / block, H, W, block]; here images have the shape in which they lie.
 */
export class Blocks {
  /** Channels in a block: 16 or 8, as the processor has it. */
  readonly size: number;
  private readonly graph: OnnxGraph;

  constructor(graph: OnnxGraph, size: number) {
    this.graph = graph;
    this.size = size;
  }

  /** Whether an image with so many channels can be blocked. */
  fill(channels: number | null | undefined): boolean {
    return channels != null && channels % this.size === 0;
  }

  /** An image of known spatial size, channels first or last, as blocks. */
  from(layout: 'first' | 'last', image: string, shape: ImageShape, dtype: DType): string {
    const { channels, spatial } = shape;
    const last = layout === 'last';
    if (dtype === 'float32') {
      const attributes = { channels_last: Number(last) };
      const reordered = this.graph.node('ReorderInput', [image], attributes, BLOCKS_DOMAIN);
      return this.lie(reordered, shape);
    }
    const split = [channels / this.size, this.size];
    const apart = this.reshape(image, [
      -1,
      ...(last ? [...spatial, ...split] : [...split, ...spatial]),
    ]);
    return this.graph.node('Transpose', [apart], {
      perm: last ? [0, 3, 1, 2, 4] : [0, 1, 3, 4, 2],
    });
  }

  /** A blocked image with its channels first or last. */
  to(layout: 'first' | 'last', image: string, shape: ImageShape, dtype: DType): string {
    const { channels, spatial } = shape;
    const last = layout === 'last';
    if (dtype === 'float32') {
      const attributes = { channels, channels_last: Number(last) };
      return this.graph.node('ReorderOutput', [this.name(image, shape)], attributes, BLOCKS_DOMAIN);
    }
    const perm = last ? [0, 2, 3, 1, 4] : [0, 1, 4, 2, 3];
    const joined = this.graph.node('Transpose', [image], { perm });
    return this.reshape(joined, [-1, ...(last ? [...spatial, channels] : [channels, ...spatial])]);
  }

  /** A convolution of a blocked image, or of one with fewer channels than a block that has them first. */
  conv(
    [image, filter, bias]: readonly (string | undefined)[],
    from: ImageShape,
    to: ImageShape,
    window: Window,
    relu: boolean,
  ): string {
    const images = from.channels < this.size ? image! : this.name(image!, from);
    const attributes: Attributes = {
      ...windowAttributes(window),
      dilations: window.dilations,
      group: 1,
      ...(relu && { activation: 'Relu' }),
    };
    const inputs = bias ? [images, filter!, bias] : [images, filter!];
    return this.lie(this.graph.node('Conv', inputs, attributes, BLOCKS_DOMAIN), to);
  }

  pool(
    op: 'MaxPool' | 'AveragePool',
    image: string,
    from: ImageShape,
    to: ImageShape,
    window: Window,
  ): string {
    const attributes = {
      ...windowAttributes(window),
      ...(op === 'AveragePool' && { count_include_pad: 0 }),
    };
    return this.lie(this.graph.node(op, [this.name(image, from)], attributes, BLOCKS_DOMAIN), to);
  }

  upsample(image: string, from: ImageShape, to: ImageShape, size: readonly number[]): string {
    const attributes = { scales: [1, 1, ...size] };
    return this.lie(
      this.graph.node('Upsample', [this.name(image, from)], attributes, BLOCKS_DOMAIN),
      to,
    );
  }

  /**
   * A filter [height, width, in, out] as these convolutions want it: [out / B, in / B, height, width, B in, B out],
   * or [out / B, in, height, width, B out] for fewer channels than a block, under the shape [out, in, height, width].
   * `swap` gives the filter of the transposed convolution: in and out change places, height and width are reversed.
   */
  filter(filter: string, [height, width, from, to]: readonly number[], swap: boolean): string {
    const { graph, size } = this;
    const [input, output] = swap ? [to!, from!] : [from!, to!];
    const split = (channels: number) => (channels % size ? [channels] : [channels / size, size]);
    const ends = swap ? [graph.ints([-1, -1]), graph.ints([-(2 ** 31), -(2 ** 31)])] : [];
    const turned = swap
      ? graph.node('Slice', [filter, ...ends, graph.ints([0, 1]), graph.ints([-1, -1])])
      : filter;
    const apart = this.reshape(turned, [height!, width!, ...split(from!), ...split(to!)]);
    const second = 2 + split(from!).length;
    const [inputAxis, outputAxis] = swap ? [second, 2] : [2, second];
    const inside = input % size ? [] : [inputAxis + 1];
    const perm = [outputAxis, inputAxis, 0, 1, ...inside, outputAxis + 1];
    const packed = graph.node('Transpose', [apart], { perm });
    return this.reshape(packed, [output, input, height!, width!]);
  }

  /** Whether so many images, a value of the run, fill blocks: a bool scalar. */
  filledBy(images: string): string {
    const { graph } = this;
    const batch = graph.node('Shape', [images], { start: 0, end: 1 });
    const rest = graph.node('Mod', [batch, graph.ints([this.size])]);
    return this.reshape(graph.node('Equal', [rest, graph.ints([0])]), []);
  }

  /** Images, channels first, with their channels as batch and the batch as blocked channels: named [C, N, H, W]. */
  batchInside(images: string): string {
    const turned = this.graph.node('Transpose', [images], { perm: [1, 0, 2, 3] });
    return this.graph.node('ReorderInput', [turned], { channels_last: 0 }, BLOCKS_DOMAIN);
  }

  /** Blocked images as a filter that takes the batch for channels: named [C, N, H, W]. */
  batchFilter(images: string, { channels, spatial }: ImageShape): string {
    const apart = [-1, this.size, channels / this.size, ...spatial, this.size];
    const filter = this.graph.node('Transpose', [this.reshape(images, apart)], {
      perm: [2, 0, 3, 4, 1, 5],
    });
    return this.reshape(filter, [channels, -1, ...spatial]);
  }

  /**
   * The sum over the batch and over places of the products of what `batchInside` gave with what `batchFilter` gave, as
   * blocked channels of the filter: named [channels, channels of the filter, ...output].
   */
  correlate(images: string, filter: string, window: Window): string {
    const attributes = { ...windowAttributes(window), dilations: window.dilations, group: 1 };
    return this.graph.node('Conv', [images, filter], attributes, BLOCKS_DOMAIN);
  }

  /** What `correlate` gave, channels first. */
  correlation(blocked: string, channels: number): string {
    return this.graph.node(
      'ReorderOutput',
      [blocked],
      { channels, channels_last: 0 },
      BLOCKS_DOMAIN,
    );
  }

  /** The shape that the operators name. */
  private name(image: string, { channels, spatial }: ImageShape): string {
    return this.reshape(image, [-1, channels, ...spatial]);
  }

  /** The shape in which the image lies. */
  private lie(image: string, { channels, spatial }: ImageShape): string {
    return this.reshape(image, [-1, channels / this.size, ...spatial, this.size]);
  }

  private reshape(value: string, shape: readonly number[]): string {
    return this.graph.node('Reshape', [value, this.graph.ints(shape)]);
  }
}

/** What a batch of images has besides its number. */
export interface ImageShape {
  readonly channels: number;
  readonly spatial: readonly number[];
}

function windowAttributes({ kernel, strides, pads }: Window): Attributes {
  return { kernel_shape: kernel, strides, pads: padsAttribute(pads) };
}
