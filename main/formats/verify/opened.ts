import type { TensorData } from '../../../shared/program/tensor.ts';
import type { ExportSource } from '../exporter.ts';
import type { PredictProgram } from '../predict-program.ts';

/** A written file, opened by a program that runs it. */
export interface OpenedFile {
  /** With its version: `ONNX Runtime 1.30.0`. */
  readonly runtime: string;
  /** The outputs for these inputs, both in the model's order. */
  run(inputs: readonly TensorData[]): Promise<readonly TensorData[]>;
  close(): Promise<void> | void;
}

/** Opens what was written at a target. Throws where it can't be opened. */
export type OpenFile = (
  target: string,
  predict: PredictProgram,
  source: ExportSource,
) => Promise<OpenedFile>;
