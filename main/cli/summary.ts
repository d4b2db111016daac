import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { StudioError } from '../../shared/api/errors.ts';
import { fromKerasConfig } from '../../shared/keras/keras-json.ts';
import { modelAt } from '../../shared/keras/model-path.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { keras2Summary } from '../../shared/keras/summary-keras2.ts';
import { keras3Summary } from '../../shared/keras/summary-keras3.ts';
import { summarize } from '../../shared/keras/summary.ts';
import { ask } from '../service/ask.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findModel } from '../service/model-source.ts';
import { fail } from './exit.ts';

interface SummaryFlags {
  readonly model?: string;
  readonly expandNested?: true;
  readonly showTrainable?: true;
  readonly style: 'keras2' | 'keras3';
}

/** `summary <project|template|file>`. */
export function addSummary(program: Command): Command {
  return program
    .command('summary')
    .description('Prints the models of a project, a template, a run or a file as Keras does.')
    .argument(
      '<project|template|file>',
      "a folder with project.json, a template, a run's folder, .keras, .h5, model.json",
    )
    .option('--model <name>', 'only this model; one inside another also by its path')
    .option('--expand-nested', 'list what nested models are made of')
    .option('--show-trainable', 'say what is trained')
    .addOption(
      new Option('--style <style>', 'whose summary')
        .choices(['keras2', 'keras3'])
        .default('keras2'),
    )
    .action((source: string, flags: SummaryFlags) => summary(source, flags).catch(fail));
}

async function summary(source: string, flags: SummaryFlags): Promise<void> {
  const spec = await readModels(source);
  for (const [id, { class_name, foreign }] of Object.entries(spec.layers))
    if (foreign)
      process.stderr.write(
        `Note: ${id} is a ${class_name} as it is not known here; it can't be run\n`,
      );
  const models = flags.model === undefined ? spec.models : [modelAt(spec, flags.model).layer];
  const texts = models.map((model) => {
    const rows = summarize(spec, model, { expandNested: flags.expandNested ?? false });
    const showTrainable = flags.showTrainable ?? false;
    return flags.style === 'keras2'
      ? keras2Summary(rows, { showTrainable })
      : keras3Summary(rows, { showTrainable, width: terminalWidth() });
  });
  process.stdout.write(texts.join('\n'));
}

/** As Python's shutil.get_terminal_size: COLUMNS, the terminal, or 80. */
function terminalWidth(): number {
  const columns = Number(process.env['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : process.stdout.columns || 80;
}

async function readModels(source: string): Promise<ModelSpec> {
  if (!source.endsWith('.json') || source.endsWith('project.json')) {
    const found = await findModel(source);
    if ('spec' in found) return found.spec;
    const { spec } = await ask(
      () => forkTrainer(),
      (trainer) => trainer.readModels(found.file),
    );
    return spec;
  }
  const text = await readFile(source, 'utf8').catch((error: Error) => {
    throw new StudioError('NO_SUCH_FILE', `${source} can't be read: ${error.message}`);
  });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new StudioError('BAD_FILE', `${source} is not JSON: ${(error as Error).message}`);
  }
  const fields = data as Record<string, unknown> | null;
  if (fields !== null && typeof fields === 'object' && 'models' in fields)
    return parseModelSpec(data);
  if (fields !== null && typeof fields === 'object' && 'model' in fields && 'training' in fields)
    return parseModelSpec(fields['model']);
  return fromKerasConfig(topologyOf(fields));
}

/** The model in a `model.json` of TensorFlow.js; any other data as it is. */
function topologyOf(fields: Record<string, unknown> | null): unknown {
  const topology = fields?.['modelTopology'] as Record<string, unknown> | undefined;
  return topology ? (topology['model_config'] ?? topology) : fields;
}
