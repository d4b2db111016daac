import type { Shape } from '../program/tensor.ts';
import type { LayerId, ModelSpec } from './spec.ts';

/** One row of the layer tree: a layer at one path. */
export interface TreeNode {
  /** `autoencoder/encoder/conv2d_2`: unique in the tree. */
  readonly path: string;
  readonly layer: LayerId;
  readonly name: string;
  /** Keras's class; models are `Functional` or `Sequential`. */
  readonly className: string;
  /** Shapes of the outputs of the first call; null where the layer has no valid input yet. */
  readonly outputShapes: readonly Shape[] | null;
  /** Distinct parameters of the layer and everything inside. */
  readonly params: number;
  readonly trainableParams: number;
  /** Whether all, none or some of what is inside is trained. A layer without variables counts by its own setting. */
  readonly trainable: boolean | 'mixed';
  /** Every path in the whole spec that leads to this layer, this one included; more than one means shared. */
  readonly paths: readonly string[];
  /** How often the model above calls it. */
  readonly calls: number;
  /** What a model is made of, in Keras's order; null for a plain layer. */
  readonly children: readonly TreeNode[] | null;
}

/** The trees of the spec's models (all of `spec.models`, or the ones named). */
export declare function layerTree(spec: ModelSpec, models?: readonly LayerId[]): TreeNode[];
