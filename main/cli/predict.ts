import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ENGINE_SETTINGS, type EngineSetting } from '../../shared/keras/training-settings.ts';
import { formatShape } from '../../shared/program/tensor.ts';
import { ask } from '../service/ask.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findModel } from '../service/model-source.ts';
import { readInputs, writeOutputs } from '../service/tensor-file.ts';
import { LOAD_WEIGHTS } from './export-flags.ts';
import { fail, wholeNumber } from './exit.ts';

interface PredictFlags {
  readonly model?: string;
  readonly inputs: string;
  readonly tap?: readonly string[];
  readonly out: string;
  readonly loadWeights?: string;
  readonly engine?: EngineSetting;
  readonly seed: number;
}

/** `predict <file>`. */
export function addPredict(program: Command): Command {
  return program
    .command('predict')
    .description(
      'Computes what a model gives for inputs, and what layers inside it give on the way.',
    )
    .argument('<file>', "a model's file, a run's folder, a project or a template")
    .option('--model <path>', 'a model inside, such as autoencoder/encoder (default: the main one)')
    .requiredOption('--inputs <file>', '{"inputs":[{"shape":[…],"data":[…]}]} as JSON, or .npz')
    .option('--tap <path>', 'also what this layer gives; may be repeated', collect)
    .requiredOption('--out <file>', 'the JSON file to write')
    .option('--load-weights <file>', LOAD_WEIGHTS)
    .addOption(
      new Option('--engine <name>', "what computes (default: ONNX Runtime's CPU)").choices(
        ENGINE_SETTINGS,
      ),
    )
    .option('--seed <n>', 'of layers that draw numbers', wholeNumber(0, 0xffffffff), 0)
    .action((file: string, flags: PredictFlags) => predict(file, flags).catch(fail));
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

async function predict(file: string, flags: PredictFlags): Promise<void> {
  const source = await findModel(file, flags.loadWeights);
  const inputs = await readInputs(flags.inputs);
  const predicted = await ask(
    () => forkTrainer(),
    (trainer) =>
      trainer.predict({
        source,
        name: flags.model ?? null,
        inputs,
        taps: flags.tap ?? [],
        engine: flags.engine ?? null,
        seed: flags.seed,
      }),
  );
  for (const note of predicted.notes) process.stderr.write(`Note: ${note}\n`);
  const out = resolve(flags.out);
  await writeOutputs(out, predicted);
  const lines = [
    ...predicted.outputs.map(({ name, shape }) => `  ${name}  ${formatShape(shape)}`),
    ...predicted.taps.flatMap(({ path, call, outputs }) =>
      outputs.map(
        ({ shape }) => `  ${path}${call > 0 ? `, call ${call + 1}` : ''}  ${formatShape(shape)}`,
      ),
    ),
  ];
  process.stdout.write(
    `${predicted.model}, by ${predicted.engine}:\n${lines.join('\n')}\nin ${out}\n`,
  );
}
