import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConvAttrs, OpAttrs } from '../../../../shared/program/attributes.ts';
import { windowPads } from '../../../../shared/program/shapes.ts';
import { isDilated, spread, spreadSize, unspread } from './dilation.ts';
import type { Kernels, Tf } from './kernel.ts';
import { nativeConvolution } from './native-convolution.ts';
import { cropSpatial, lower, padded, padSpatial, raise, raisePadding } from './window.ts';

type InputGradAttrs = OpAttrs['convInputGrad'];
type FilterGradAttrs = OpAttrs['convFilterGrad'];

/**
 * Convolution and its gradients, led back step by step to the cases that tfjs's kernels do, and do right:
 * a line becomes a plane, explicit padding a padded tensor, a dilated filter one with zeros between its taps,
 * and groups are computed apart.
 */
export function convolution(tf: Tf): Kernels<'conv' | 'convInputGrad' | 'convFilterGrad'> {
  const native = nativeConvolution(tf);

  function conv(x: Tensor, filter: Tensor, attrs: ConvAttrs): Tensor {
    const { strides, dilations } = attrs;
    if (strides.length === 1) return lower(tf, conv(raise(tf, x), raiseFilter(filter), up(attrs)));
    const pads = explicit(x.shape.slice(1, -1), filter.shape.slice(0, -2), attrs);
    if (pads) return conv(padSpatial(tf, x, pads, 0), filter, { ...attrs, padding: 'valid' });
    if (isDilated(attrs) && !native.dilates(attrs))
      return conv(x, spread(tf, filter, dilations), undilated(attrs));
    if (attrs.groups > 1 && !native.isDepthwise(attrs, filter.shape.at(-2)!))
      return byGroup(attrs.groups, x, filter, (part, taps) => conv(part, taps, ungrouped(attrs)));
    return native.conv(x, filter, attrs);
  }

  function inputGrad(dy: Tensor, filter: Tensor, attrs: InputGradAttrs): Tensor {
    const { strides, dilations } = attrs;
    const sizes = attrs.inputSize as readonly number[];
    if (strides.length === 1) {
      const raised = { ...up(attrs), inputSize: [1, ...sizes] };
      return lower(tf, inputGrad(raise(tf, dy), raiseFilter(filter), raised));
    }
    const pads = explicit(sizes, filter.shape.slice(0, -2), attrs);
    if (pads) {
      const valid = { ...attrs, padding: 'valid', inputSize: padded(sizes, pads) } as const;
      return cropSpatial(tf, inputGrad(dy, filter, valid), pads);
    }
    if (isDilated(attrs)) return inputGrad(dy, spread(tf, filter, dilations), undilated(attrs));
    if (attrs.groups > 1 && !native.isDepthwise(attrs, filter.shape.at(-2)!))
      return byGroup(attrs.groups, dy, filter, (part, taps) =>
        inputGrad(part, taps, ungrouped(attrs)),
      );
    return native.inputGrad(dy, filter, attrs);
  }

  function filterGrad(x: Tensor, dy: Tensor, attrs: FilterGradAttrs): Tensor {
    const { strides, dilations, kernelSize } = attrs;
    if (strides.length === 1) {
      const raised = { ...up(attrs), kernelSize: [1, ...kernelSize] };
      const gradient = filterGrad(raise(tf, x), raise(tf, dy), raised);
      return tf.reshape(gradient, gradient.shape.slice(1));
    }
    const pads = explicit(x.shape.slice(1, -1), kernelSize, attrs);
    if (pads) return filterGrad(padSpatial(tf, x, pads, 0), dy, { ...attrs, padding: 'valid' });
    if (isDilated(attrs)) {
      const wide = { ...undilated(attrs), kernelSize: spreadSize(kernelSize, dilations) };
      return unspread(tf, filterGrad(x, dy, wide), dilations);
    }
    if (attrs.groups > 1 && !native.isDepthwise(attrs, x.shape.at(-1)! / attrs.groups))
      return byGroup(attrs.groups, x, dy, (part, dPart) =>
        filterGrad(part, dPart, ungrouped(attrs)),
      );
    return native.filterGrad(x, dy, attrs);
  }

  function raiseFilter(filter: Tensor): Tensor {
    return tf.reshape(filter, [1, ...filter.shape]);
  }

  /** Splits both tensors along their channels, and joins the results along theirs. */
  function byGroup(
    groups: number,
    a: Tensor,
    b: Tensor,
    each: (a: Tensor, b: Tensor) => Tensor,
  ): Tensor {
    const others = tf.split(b, groups, -1);
    const parts = tf.split(a, groups, -1).map((part, i) => each(part, others[i]!));
    return tf.concat(parts, -1);
  }

  return {
    conv: ([x, filter], attrs) => conv(x!, filter!, attrs),
    convInputGrad: ([dy, filter], attrs) => inputGrad(dy!, filter!, attrs),
    convFilterGrad: ([x, dy], attrs) => filterGrad(x!, dy!, attrs),
  };
}

/** Padding that tfjs can't be left to do: explicit one, and `same` in 3D, where it takes off what a stride leaves. */
function explicit(
  sizes: readonly number[],
  kernel: readonly number[],
  { padding, strides, dilations }: ConvAttrs,
): readonly (readonly [number, number])[] | null {
  if (typeof padding !== 'string') return padding;
  if (padding === 'valid' || strides.length < 3) return null;
  return sizes.map((size, i) =>
    windowPads(size, kernel[i]!, strides[i]!, dilations[i]!, padding, i),
  );
}

/** The window of a line as that of a plane one row high. */
function up<A extends ConvAttrs>(attrs: A): A {
  return {
    ...attrs,
    strides: [1, ...attrs.strides],
    dilations: [1, ...attrs.dilations],
    padding: raisePadding(attrs.padding),
  };
}

function undilated<A extends ConvAttrs>(attrs: A): A {
  return { ...attrs, dilations: attrs.dilations.map(() => 1) };
}

function ungrouped<A extends ConvAttrs>(attrs: A): A {
  return { ...attrs, groups: 1 };
}
