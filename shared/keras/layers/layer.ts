import type { z } from 'zod';
import type { Distribution } from '../../program/attributes.ts';
import type { Ops, Value } from '../../program/builder.ts';
import type { DType, Shape } from '../../program/tensor.ts';
import type { JsonObject } from '../spec.ts';

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
  /** Random numbers in the shape of `like`, new at each step. */
  random(like: Value, distribution: Distribution): Value;
  /** The context of a layer inside this one, whose variables are named `<prefix>/...`. */
  within(prefix: string): CallContext;
  /** Tensors and plain values given by keyword (`mask`, `initial_state`, `value`). */
  readonly kwargs: Readonly<Record<string, unknown>>;
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
}

/** Ties the type of a layer's configuration to its methods, then forgets it: `readLayer` checks every configuration. */
export function defineLayer<C>(definition: LayerDefinition<C>): LayerDefinition {
  return definition as unknown as LayerDefinition;
}
