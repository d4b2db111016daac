import { messageOf } from '../../../shared/api/message.ts';
import {
  heededOptions,
  type ExportFormat,
  type ExportOptions,
  type Verification,
  type VerifiedOutput,
} from '../../../shared/api/exports.ts';
import { interpret } from '../../../shared/program/interpreter/interpret.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { formatShape, type NamedTensors, type TensorData } from '../../../shared/program/tensor.ts';
import { createOnnxEngine } from '../../engines/onnx/engine.ts';
import type { ExportSource } from '../exporter.ts';
import { fromFloat16, toFloat16 } from '../float16.ts';
import { pagePreparation } from '../html/export.ts';
import { predictProgram, type PredictProgram } from '../predict-program.ts';
import { imagePreparation } from '../preparation.ts';
import { openHtml } from './open-html.ts';
import { openModelFile } from './open-model-file.ts';
import { openOnnx } from './open-onnx.ts';
import { openTfjs } from './open-tfjs.ts';
import { openTflite } from './open-tflite.ts';
import type { OpenFile } from './opened.ts';
import { sampleInputs } from './samples.ts';

/** Samples in the batch that is compared, where the file leaves that open. */
const SAMPLES = 2;

/** More samples than this are left to ONNX Runtime, which is faster than the plain interpreter. */
const MOST_INTERPRETED = 16;

/** What float32 sums in another order may differ by, as a part of the largest number. */
const TOLERANCE = 1e-5;

/** Who opens what was written; texts are for people to read. */
const openers: { readonly [F in ExportFormat]?: OpenFile } = {
  tfjs: openTfjs,
  onnx: openOnnx,
  tflite: openTflite,
  html: openHtml,
  safetensors: openModelFile,
  keras: openModelFile,
  h5: openModelFile,
};

/**
 * Opens a written file with a program that is not the one that wrote it, runs both on random samples and compares. A
 * file that can't be opened or run is said in `error`. Null for formats that hold no model that runs.
 */
export async function verifyExport(
  format: ExportFormat,
  target: string,
  source: ExportSource,
  variables: NamedTensors,
  given: ExportOptions,
): Promise<Verification | null> {
  const open = openers[format];
  if (!open) return null;
  const options = heededOptions(format, given);
  const prepared = preparedIn(format, source, options);
  const predict = predictProgram(source, options, prepared);
  const samples = options.batch ?? SAMPLES;
  const inputs = sampleInputs(predict.inputs, samples, prepared);
  const about = { format, samples, tolerance: TOLERANCE };
  try {
    const run = (values: NamedTensors) => reference(format, predict, values, inputs);
    const expected = await run(variables);
    const opened = await open(target, predict, source);
    const received = await opened.run(inputs);
    await opened.close();
    const exact = options.weights === 'float16' ? await run(rounded(predict, variables)) : expected;
    const outputs = compared(predict, received, expected);
    return {
      ...about,
      runtime: opened.runtime,
      outputs,
      largestDifference: largest(outputs.map((output) => output.largestDifference)),
      holds: compared(predict, received, exact).every(
        (output) => output.largestDifference <= TOLERANCE * Math.max(1, output.largestValue),
      ),
    };
  } catch (error) {
    const message = messageOf(error);
    return {
      ...about,
      runtime: '',
      outputs: [],
      largestDifference: 0,
      holds: false,
      error: message,
    };
  }
}

/** How inputs prepare images inside the file, by their names. */
function preparedIn(format: ExportFormat, source: ExportSource, { preprocessing }: ExportOptions) {
  if (format === 'html') return pagePreparation(source);
  return preprocessing ? imagePreparation(source) : new Map<string, never>();
}

/** What the model gives: by ONNX Runtime, but where that opens the file by the plain interpreter. */
async function reference(
  format: ExportFormat,
  { program, inputs, outputs }: PredictProgram,
  variables: NamedTensors,
  values: readonly TensorData[],
): Promise<TensorData[]> {
  const used = nodesOf(program, 'variable').map(({ attrs }) => attrs.name);
  const needed = Object.fromEntries(used.map((name) => [name, variables[name]!]));
  const fed = new Set(nodesOf(program, 'feed').map(({ attrs }) => attrs.name));
  const feeds = Object.fromEntries(
    inputs.flatMap(({ name }, i) => (fed.has(name) ? [[name, values[i]!]] : [])),
  );
  const plain = format === 'onnx' && (values[0]?.shape[0] ?? 1) <= MOST_INTERPRETED;
  const results = plain
    ? interpret(program, needed, feeds)
    : await withOnnx(program, needed, feeds);
  return outputs.map(({ name }) => results[name]!);
}

async function withOnnx(
  program: PredictProgram['program'],
  values: NamedTensors,
  feeds: NamedTensors,
): Promise<NamedTensors> {
  const engine = await createOnnxEngine();
  try {
    const executable = await engine.compile(program);
    return await executable.run(await engine.variables(values), feeds);
  } finally {
    await engine.dispose();
  }
}

/** The weights as half precision keeps them. */
function rounded({ variables }: PredictProgram, values: NamedTensors): NamedTensors {
  const floats = variables.filter(({ key }) => values[key]?.dtype === 'float32');
  return {
    ...values,
    ...Object.fromEntries(
      floats.map(({ key }) => {
        const value = values[key]!;
        return [key, { ...value, data: fromFloat16(toFloat16(value.data)) }];
      }),
    ),
  };
}

/** Output by output. Throws an Error where one has another shape. */
function compared(
  { outputs }: PredictProgram,
  received: readonly TensorData[],
  expected: readonly TensorData[],
): VerifiedOutput[] {
  return outputs.map(({ name }, i) => {
    const [got, wanted] = [received[i], expected[i]!];
    if (String(got?.shape) !== String(wanted.shape))
      throw new Error(
        `output ${name} has shape ${got ? formatShape(got.shape) : 'none'}; expected ${formatShape(wanted.shape)}`,
      );
    const differences = Array.from(wanted.data, (x, at) =>
      Object.is(x, got!.data[at]) ? 0 : Math.abs(x - got!.data[at]!),
    );
    return {
      name,
      largestDifference: largest(differences),
      largestValue: largest(Array.from(wanted.data, Math.abs).filter(Number.isFinite)),
    };
  });
}

/** NaN where one is. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), 0);
}
