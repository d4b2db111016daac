import { settingsPerOutput, type CompileSettings } from '../keras/compile-settings.ts';
import { lossOf } from '../keras/losses/catalogue.ts';
import { layerOf, type LayerId, type ModelSpec } from '../keras/spec.ts';
import type { DType, Shape } from '../program/tensor.ts';
import { traceModel } from '../program/trace.ts';

/** Where data goes into a model. */
export interface InputPort {
  /** Of its InputLayer; the name of its feed, too. */
  readonly name: string;
  /** With the batch first. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An output that learns from data. */
export interface OutputPort {
  /** Keras's name of the output. */
  readonly name: string;
  /** Its place among the model's outputs. */
  readonly index: number;
  /** With the batch first. */
  readonly shape: Shape;
  /** Whether its loss compares class numbers. */
  readonly sparse: boolean;
}

/** What data has to fit. */
export interface ModelPorts {
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
}

/** Where a model takes data in and what its outputs learn from. Throws a SpecError for a model or loss that can't be. */
export function modelPorts(
  spec: ModelSpec,
  model: LayerId,
  settings: Pick<CompileSettings, 'loss' | 'loss_weights'> & Partial<CompileSettings>,
): ModelPorts {
  const { loss, loss_weights } = settings;
  const perOutput = settingsPerOutput(spec, model, {
    optimizer: { class_name: 'SGD', config: {} },
    loss,
    ...(loss_weights === undefined ? {} : { loss_weights }),
  });
  const trace = traceModel(spec, model);
  return {
    inputs: layerOf(spec, model).graph!.inputs.map(([input], i) => {
      const { shape, dtype } = trace.inputs[i]!;
      return { name: layerOf(spec, input).config.name, shape, dtype };
    }),
    outputs: perOutput.flatMap(({ name, loss }, index) =>
      loss === null
        ? []
        : [
            {
              name,
              index,
              shape: trace.outputs[index]!.shape,
              sparse: lossOf(loss, 'loss').sparse,
            },
          ],
    ),
  };
}
