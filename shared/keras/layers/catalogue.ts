import { SpecError, type LayerSpec } from '../spec.ts';
import { activationLayer, reluLayer } from './activation.ts';
import * as augmentation from './augmentation.ts';
import { multiHeadAttention } from './attention.ts';
import * as borders from './borders.ts';
import { conv1d, conv2d, conv3d } from './conv.ts';
import * as separable from './conv-separable.ts';
import { conv1dTranspose, conv2dTranspose } from './conv-transpose.ts';
import { dense } from './dense.ts';
import { additiveAttention, dotAttention } from './dot-attention.ts';
import { einsumDense } from './einsum-dense.ts';
import type { LayerDefinition } from './layer.ts';
import * as merging from './merging.ts';
import * as noise from './noise.ts';
import { batchNormalization, layerNormalization } from './normalizing.ts';
import * as scaling from './normalizing-by-norm.ts';
import * as operations from './operations.ts';
import * as pooling from './pooling.ts';
import * as recurrentLayers from './recurrent-cells.ts';
import { dropout } from './regularizing.ts';
import { normalization, rescaling } from './rescaling.ts';
import * as reshaping from './reshaping.ts';
import { embedding, masking } from './sequences.ts';
import * as activationUnits from './units.ts';
import * as wrappers from './wrappers.ts';

const definitions = [
  dense, einsumDense, activationLayer, reluLayer, ...Object.values(activationUnits),
  conv1d, conv2d, conv3d, conv1dTranspose, conv2dTranspose, ...Object.values(separable),
  ...Object.values(pooling), ...Object.values(borders), ...Object.values(reshaping),
  ...Object.values(merging),
  batchNormalization, layerNormalization, ...Object.values(scaling), normalization, rescaling,
  dropout, ...Object.values(noise), ...Object.values(augmentation),
  embedding, masking, ...Object.values(recurrentLayers), ...Object.values(wrappers),
  multiHeadAttention, dotAttention, additiveAttention, ...Object.values(operations),
]; // prettier-ignore

/** Every class of layers by Keras's name. InputLayer and models are not here: a graph defines them. */
export const catalogue: ReadonlyMap<string, LayerDefinition> = new Map(
  definitions.map((definition) => [definition.className, definition]),
);

/** Keys that every Keras layer has, beside its own. */
const COMMON = new Set(['name', 'trainable', 'dtype', 'activity_regularizer']);

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
