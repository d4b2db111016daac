import { SpecError, type LayerSpec } from '../spec.ts';
import { activationLayer, reluLayer } from './activation.ts';
import { multiHeadAttention } from './attention.ts';
import * as borders from './borders.ts';
import { conv1d, conv2d, conv3d } from './conv.ts';
import * as separable from './conv-separable.ts';
import { conv1dTranspose, conv2dTranspose } from './conv-transpose.ts';
import { dense } from './dense.ts';
import { einsumDense } from './einsum-dense.ts';
import type { LayerDefinition } from './layer.ts';
import { add, average, concatenate, maximum, minimum, multiply, subtract } from './merging.ts';
import * as noise from './noise.ts';
import { batchNormalization, layerNormalization } from './normalizing.ts';
import * as scaling from './normalizing-by-norm.ts';
import * as pooling from './pooling.ts';
import { lstm } from './recurrent.ts';
import { dropout } from './regularizing.ts';
import { normalization, rescaling } from './rescaling.ts';
import * as reshaping from './reshaping.ts';
import { embedding, notEqual } from './sequences.ts';
import * as activationUnits from './units.ts';

const definitions = [
  dense, einsumDense, activationLayer, reluLayer, ...Object.values(activationUnits),
  conv1d, conv2d, conv3d, conv1dTranspose, conv2dTranspose, ...Object.values(separable),
  ...Object.values(pooling), ...Object.values(borders), ...Object.values(reshaping),
  add, subtract, multiply, average, maximum, minimum, concatenate,
  batchNormalization, layerNormalization, ...Object.values(scaling), normalization, rescaling,
  dropout, ...Object.values(noise),
  embedding, lstm, multiHeadAttention, notEqual,
]; // prettier-ignore

/** Every class of layers by Keras's name. InputLayer and models are not here: a graph defines them. */
export const catalogue: ReadonlyMap<string, LayerDefinition> = new Map(
  definitions.map((definition) => [definition.className, definition]),
);

/** Keys that every Keras layer has, beside its own. */
const COMMON = new Set(['name', 'trainable', 'dtype']);

/** A layer's definition and its checked configuration. Throws a SpecError at `path` that names key and problem. */
export function readLayer(
  spec: LayerSpec,
  path: string,
): { definition: LayerDefinition; config: unknown } {
  const definition = catalogue.get(spec.class_name);
  if (!definition) throw new SpecError(path, `unknown layer class ${spec.class_name}`);
  const own = Object.fromEntries(Object.entries(spec.config).filter(([key]) => !COMMON.has(key)));
  const result = definition.config.safeParse(own);
  if (result.success) return { definition, config: result.data };
  const issue = result.error.issues[0]!;
  throw new SpecError(path, `${[spec.class_name, ...issue.path].join('.')}: ${issue.message}`);
}
