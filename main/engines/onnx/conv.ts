import type { ConvAttrs } from '../../../shared/program/attributes.ts';
import type { Shape, TensorType } from '../../../shared/program/tensor.ts';
import { imageShape, type Following, type Lower, type Lowered, type Lowering } from './lowering.ts';
import { knownSpatial, padsAttribute, windowOver, type Window } from './window.ts';

export const lowerConv: Lower<'conv'> = (context, [x, filter], attrs, node) => {
  const window = convWindow(x!.shape, filter!.shape, attrs);
  if (takesBlocks(context, x!.shape, node.shape, attrs))
    return blockedConv(context, x!, filter!, node, window, false);
  return context.later(node, 'first', ['bias', 'relu'], (following) =>
    plainConv(context, 'Conv', [context.first(x!), outputFirst(context, filter!)], following, {
      ...windowAttributes(window),
      group: attrs.groups,
    }),
  );
};

/**
 * A ConvTranspose with the same filter, where what the strides leave over at the end is output padding. As blocks,
 * which have no such operator, the convolution with the filter turned around.
 */
export const lowerConvInputGrad: Lower<'convInputGrad'> = (context, [dy, filter], attrs, node) => {
  const sizes = knownSpatial(attrs.inputSize);
  const outputs = knownSpatial(dy!.shape.slice(1, -1));
  const window = convWindow(node.shape, filter!.shape, attrs);
  const turned = turnedWindow(sizes, outputs, window);
  if (turned && takesBlocks(context, dy!.shape, node.shape, attrs))
    return blockedConv(context, dy!, filter!, node, turned, true);
  const excess = sizes.map((size, i) => {
    const span = (window.kernel[i]! - 1) * window.dilations[i]! + 1;
    return (outputs[i]! - 1) * window.strides[i]! + span - window.pads[i]![0] - size;
  });
  const pads = window.pads.map(([before], i) => [before, Math.max(excess[i]!, 0)] as const);
  return context.later(node, 'first', ['bias', 'relu'], (following) => {
    const inputs = [context.first(dy!), outputFirst(context, filter!)];
    return plainConv(context, 'ConvTranspose', inputs, following, {
      ...windowAttributes({ ...window, pads }),
      output_padding: excess.map((n) => Math.max(-n, 0)),
      group: attrs.groups,
    });
  });
};

function plainConv(
  { graph }: Lowering,
  op: 'Conv' | 'ConvTranspose',
  inputs: readonly string[],
  { bias, relu }: Following,
  attributes: Parameters<typeof graph.node>[2],
): string {
  const result = graph.node(op, bias ? [...inputs, bias] : inputs, attributes);
  return relu ? graph.node('Relu', [result]) : result;
}

/** Whether a convolution between these images can be one of blocks: two spatial axes of known size, filled blocks. */
function takesBlocks({ blocks }: Lowering, from: Shape, to: Shape, { groups }: ConvAttrs): boolean {
  if (!blocks || groups !== 1 || from.length !== 4) return false;
  const known = [...from.slice(1), ...to.slice(1)].every((dim) => dim !== null);
  return known && blocks.fill(to[3]) && (blocks.fill(from[3]) || from[3]! < blocks.size);
}

function blockedConv(
  context: Lowering,
  x: Lowered,
  filter: Lowered,
  type: TensorType,
  window: Window,
  swap: boolean,
): Lowered {
  const blocks = context.blocks!;
  const [from, to] = [imageShape(x), imageShape(type)];
  return context.later(type, 'blocked', ['bias', 'relu'], ({ bias, relu = false }) => {
    const image = context.name(x, from.channels < blocks.size ? 'first' : 'blocked');
    const packed = blocks.filter(context.last(filter), filter.shape as number[], swap);
    return blocks.conv([image, packed, bias], from, to, window, relu);
  });
}

/** The window of the convolution that is another's gradient; null where strides or cropping leave none. */
function turnedWindow(
  sizes: readonly number[],
  outputs: readonly number[],
  { kernel, strides, dilations, pads }: Window,
): Window | null {
  const turned = kernel.map((taps, i): [number, number] => {
    const before = (taps - 1) * dilations[i]! - pads[i]![0];
    return [before, sizes[i]! - outputs[i]! + pads[i]![0]];
  });
  if (strides.some((stride) => stride !== 1) || turned.flat().some((n) => n < 0)) return null;
  return { kernel, strides, dilations, pads: turned };
}

function convWindow(image: Shape, filter: Shape, attrs: ConvAttrs): Window {
  const kernel = knownSpatial(filter.slice(0, -2));
  return windowOver(image.slice(1, -1), kernel, attrs.strides, attrs.dilations, attrs.padding);
}

/** A filter as ONNX has it: [...kernel, in, out] becomes [out, in, ...kernel]. */
function outputFirst(context: Lowering, filter: Lowered): string {
  const rank = filter.shape.length;
  const perm = [rank - 1, rank - 2, ...filter.shape.map((_, i) => i).slice(0, -2)];
  return context.permute(context.last(filter), filter.shape, perm);
}

function windowAttributes({ kernel, strides, dilations, pads }: Window) {
  return { kernel_shape: kernel, strides, dilations, pads: padsAttribute(pads) };
}
