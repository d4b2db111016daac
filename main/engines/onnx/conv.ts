import type { ConvAttrs } from '../../../shared/program/attributes.ts';
import type { Shape } from '../../../shared/program/tensor.ts';
import { toFirst } from './layout.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';
import { knownSpatial, padsAttribute, windowOver, type Window } from './window.ts';

export const lowerConv: Lower<'conv'> = (context, [x, filter], attrs, node) => {
  const window = convWindow(x!.shape, filter!.shape, attrs);
  const inputs = [context.first(x!), outputFirst(context, filter!)];
  return context.later(node, 'first', (bias) =>
    context.graph.node('Conv', bias ? [...inputs, context.last(bias)] : inputs, {
      ...windowAttributes(window),
      group: attrs.groups,
    }),
  );
};

/** A ConvTranspose with the same filter; what the strides leave over at the end is added as output padding. */
export const lowerConvInputGrad: Lower<'convInputGrad'> = (context, [dy, filter], attrs, node) => {
  const { graph } = context;
  const sizes = knownSpatial(attrs.inputSize);
  const outputs = knownSpatial(dy!.shape.slice(1, -1));
  const window = convWindow(node.shape, filter!.shape, attrs);
  const inputs = [context.first(dy!), outputFirst(context, filter!)];
  const excess = sizes.map((size, i) => {
    const span = (window.kernel[i]! - 1) * window.dilations[i]! + 1;
    return (outputs[i]! - 1) * window.strides[i]! + span - window.pads[i]![0] - size;
  });
  const pads = window.pads.map(([before], i) => [before, Math.max(excess[i]!, 0)] as const);
  return context.later(node, 'first', (bias) =>
    graph.node('ConvTranspose', bias ? [...inputs, context.last(bias)] : inputs, {
      ...windowAttributes({ ...window, pads }),
      output_padding: excess.map((n) => Math.max(-n, 0)),
      group: attrs.groups,
    }),
  );
};

/**
 * A convolution of x with dy as the filter, batch and channels swapped, strides and dilations too:
 * dW[k, ci, co] = sum over n, o of x[n, o * stride + k * dilation - pad, ci] dy[n, o, co].
 */
export const lowerConvFilterGrad: Lower<'convFilterGrad'> = (context, [x, dy], attrs, node) => {
  const { graph } = context;
  const { groups, kernelSize, strides, dilations } = attrs;
  const rank = x!.shape.length;
  const spatialAxes = kernelSize.map((_, i) => i + 2);
  const sizes = knownSpatial(x!.shape.slice(1, -1));
  const outputs = knownSpatial(dy!.shape.slice(1, -1));
  const window = windowOver(sizes, kernelSize, strides, dilations, attrs.padding);
  const after = sizes.map(
    (size, i) =>
      (outputs[i]! - 1) * strides[i]! +
      (kernelSize[i]! - 1) * dilations[i]! +
      1 -
      size -
      window.pads[i]![0],
  );
  const cropped = crop(context, context.first(x!), after);
  const swap = [1, 0, ...spatialAxes];
  let images: string;
  if (groups === 1) images = graph.node('Transpose', [cropped], { perm: swap });
  else {
    const perGroup = x!.shape.at(-1)! / groups;
    const spatial = sizes.map((size, i) => size + Math.min(after[i]!, 0));
    const apart = context.reshape(cropped, [-1, groups, perGroup, ...spatial]);
    const perm = [2, 1, 0, ...spatialAxes.map((axis) => axis + 1)];
    images = graph.node('Transpose', [apart], { perm });
    images = context.reshape(images, [perGroup, -1, ...spatial]);
  }
  const filters = graph.node('Transpose', [context.first(dy!)], { perm: swap });
  const gradient = graph.node('Conv', [images, filters], {
    strides: dilations,
    dilations: strides,
    pads: padsAttribute(window.pads.map(([before], i) => [before, Math.max(after[i]!, 0)])),
    group: groups,
  });
  const perm = [
    ...toFirst(rank)
      .slice(2)
      .map((axis) => axis + 1),
    0,
    1,
  ];
  return context.value(node, graph.node('Transpose', [gradient], { perm }));
};

/** Takes elements that no window reads off the ends of the spatial axes. */
function crop(context: Lowering, images: string, after: readonly number[]): string {
  const axes = after.flatMap((n, i) => (n < 0 ? [i] : []));
  if (axes.length === 0) return images;
  const { graph } = context;
  return graph.node('Slice', [
    images,
    graph.ints(axes.map(() => 0)),
    graph.ints(axes.map((i) => after[i]!)),
    graph.ints(axes.map((i) => i + 2)),
  ]);
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
