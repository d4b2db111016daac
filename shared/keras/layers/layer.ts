import type { z } from 'zod';
import type { Distribution } from '../../program/attributes.ts';
import type { Ops, Value } from '../../program/builder.ts';
import type { DType, Shape, TensorType } from '../../program/tensor.ts';
import type { JsonObject, LayerConfig } from '../spec.ts';

/** A variable that a layer owns. */
export interface VariableSpec {
  /** Keras's name: `kernel`, `bias`; of a wrapped layer with its path: `forward_layer/cell/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** A Keras initializer: its name or `{class_name, config}`. */
  readonly initializer: string | JsonObject;
  /** False for what training does not move, such as BatchNormalization's moving mean. */
  readonly trainable?: boolean;
  readonly regularizer?: JsonObject | string | null;
  readonly constraint?: JsonObject | string | null;
}

/** What a layer's `call` can use beside its inputs. */
export interface CallContext {
  readonly ops: Ops;
  /** Whether this call is part of training (dropout drops, batch statistics are used). */
  readonly training: boolean;
  /** Whether the layer itself is trainable here; a frozen BatchNormalization runs in inference mode. */
  readonly trainable: boolean;
  /** The value of one of the layer's own variables. */
  variable(name: string): Value;
  /** Gives one of the layer's own variables a new value after this step. */
  update(name: string, value: Value): void;
  /** Adds a scalar to the loss that is minimised. */
  addLoss(value: Value): void;
  /** Random numbers in the shape of `like`, or in a shape that begins with the batch; new at each step. */
  random(like: Value | Shape, distribution: Distribution): Value;
  /** Tensors and plain values given by keyword (`mask`, `initial_state`, `training`). */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /**
   * Which positions of each input count: the call's own `mask`, else what came along with the inputs. bool, with an
   * input's leading axes; null where all count.
   */
  readonly masks: readonly (Value | null)[];
  /** The layers that this one wraps, by Keras's configuration key. Throws a RangeError where there is none. */
  wrapped(role: string): WrappedLayer;
}

/** A layer or model inside a wrapper such as TimeDistributed. */
export interface WrappedLayer {
  readonly className: string;
  readonly config: LayerConfig;
  /** Calls it; its variables are its own. */
  call(
    inputs: readonly Value[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: WrappedCall,
  ): Value[];
  /** Whether what it computes for a sample, or adds to the loss, depends on the others in the batch. */
  couplesSamples(inputs: readonly TensorType[]): boolean;
}

export interface WrappedCall {
  /** Keras calls what the layer computes without what surrounds a call: what it adds to the loss does not count. */
  readonly direct?: boolean;
  /** How many samples of the input stand for one of the batch, such as its steps. */
  readonly joined?: number;
}

/** What Keras knows of a class of layers, written once: its configuration, its variables and what it computes. */
export interface LayerDefinition<C = unknown> {
  readonly className: string;
  /** Of an operation such as NotEqual, which Keras does not count among layers: its Keras module. */
  readonly operation?: string;
  /** The configuration beside `name`, `trainable` and `dtype`, with Keras's defaults; unknown keys are refused. */
  readonly config: z.ZodType<C>;
  /** The variables, in Keras's order, for inputs of these shapes. Throws a RangeError for shapes that can't be. */
  variables?(config: C, inputs: readonly Shape[]): VariableSpec[];
  /** What the layer computes. One value, or a list where Keras gives a list. */
  call(context: CallContext, inputs: readonly Value[], config: C): Value | Value[];
  /**
   * The masks of the outputs (Keras's `compute_mask`), in order; left out or null: none. A layer without this rule
   * does not support masking: what comes after it sees no mask.
   */
  mask?(context: CallContext, inputs: readonly Value[], config: C): readonly (Value | null)[];
  /** How many tensors it takes; 1 unless told. */
  readonly takes?: number;
  /** Its Keras call has a `mask` argument. */
  readonly takesMask?: boolean;
  /** It takes the masks away from the tensors that it is given, for all that follows. */
  readonly removesMasks?: boolean;
  /** Takes tensors of any type as they are. To other layers they come as float32. */
  readonly anyType?: boolean;
  /** Names of the positional arguments that are tensors, where they can be given by keyword. */
  readonly arguments?: readonly string[];
  /** Of a wrapper: Keras's configuration keys that hold the layers inside. */
  readonly wraps?: readonly string[];
}

/** The mask rule of layers that work on each position by itself: the output counts where the first input does. */
export const keepsMask = ({ masks }: CallContext) => [masks[0] ?? null];

/** Ties the type of a layer's configuration to its methods, then forgets it: `readLayer` checks every configuration. */
export function defineLayer<C>(definition: LayerDefinition<C>): LayerDefinition {
  return definition as unknown as LayerDefinition;
}
