import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { StudioError } from '../../shared/api/errors.ts';
import { withData } from '../../shared/data/settings.ts';
import { checkLearningRate } from '../../shared/keras/callbacks/catalogue.ts';
import { callbackNames } from '../../shared/keras/callbacks/settings.ts';
import { optimizerOf } from '../../shared/keras/optimizers/catalogue.ts';
import type { JsonObject } from '../../shared/keras/spec.ts';
import { trainingSettings, type TrainingSettings } from '../../shared/keras/training-settings.ts';
import { kerasText, nameOrObject, splitOutside, type KerasText } from './keras-text.ts';

/** What a command line says about how a model trains. */
export interface TrainingFlags {
  readonly settings?: string;
  readonly optimizer?: KerasText;
  readonly learningRate?: number | KerasText;
  readonly loss?: TrainingSettings['loss'];
  readonly lossWeight?: Readonly<Record<string, number>>;
  readonly metrics?: readonly KerasText[];
  readonly classWeight?: Readonly<Record<string, number>>;
  readonly callback?: readonly KerasText[];
  /** False for `--no-callbacks`. */
  readonly callbacks?: boolean;
}

/** Adds the flags of the training form, and the file that holds its settings. */
export function addTrainingFlags(command: Command): Command {
  return command
    .option('--settings <file>', 'JSON with settings of the training form; flags come before it')
    .option(
      '--optimizer <name[:key=value,…]>',
      'by its Keras name: AdamW:weight_decay=0.01',
      kerasText,
    )
    .option(
      '--learning-rate <rate|schedule>',
      'a number, or a schedule: CosineDecay:initial_learning_rate=0.001,decay_steps=1000',
      rateOrSchedule,
    )
    .option('--loss <[output=]name[:key=value,…]>', 'by its Keras name; once for each output', loss)
    .option('--loss-weight <output=weight,…>', "what each output's loss counts for", numbers)
    .option(
      '--metrics <name,…>',
      'by their Keras names; again for one with a configuration',
      metrics,
    )
    .option('--class-weight <class=weight,…>', 'what a sample of a class counts for', numbers)
    .option(
      '--callback <name[:key=value,…]>',
      `may be given again: ${callbackNames.join(', ')}`,
      (text, before: readonly KerasText[] = []) => [...before, kerasText(text)],
    )
    .option('--no-callbacks', 'train without any callback, and past losses that are no numbers');
}

/**
 * Settings with what the file of `--settings` and then the flags say. Throws a StudioError or SpecError that names what
 * is wrong.
 */
export async function withTrainingFlags(
  settings: TrainingSettings,
  flags: TrainingFlags,
): Promise<TrainingSettings> {
  const based = flags.settings === undefined ? settings : await withFile(settings, flags.settings);
  const { optimizer = based.optimizer, learningRate } = flags;
  const added = flags.callback ?? [];
  const next = checked(
    {
      ...based,
      optimizer: {
        ...optimizer,
        config: {
          ...optimizer.config,
          ...(learningRate !== undefined && { learning_rate: learningRate as number | JsonObject }),
        },
      },
      ...(flags.loss !== undefined && { loss: flags.loss }),
      ...(flags.lossWeight && { loss_weights: flags.lossWeight }),
      ...(flags.metrics && { metrics: flags.metrics.map(nameOrObject) }),
      ...(flags.classWeight && { class_weight: flags.classWeight }),
      callbacks: [...(flags.callbacks === false ? [] : based.callbacks), ...added],
    },
    'the flags',
  );
  optimizerOf(next.optimizer);
  checkLearningRate(next.callbacks, next.optimizer);
  return next;
}

async function withFile(settings: TrainingSettings, file: string): Promise<TrainingSettings> {
  let given: unknown;
  try {
    given = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new StudioError('BAD_SETTINGS', `${file}: ${(error as Error).message}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new StudioError('BAD_SETTINGS', `${file}: expected an object with settings`);
  const { data } = given as { data?: unknown };
  const based = typeof data === 'string' ? withData(settings, data) : settings;
  return checked({ ...based, ...given }, file);
}

function checked(given: object, from: string): TrainingSettings {
  const { success, data, error } = trainingSettings.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const place = [from, issue!.path.join('.')].filter((part) => part !== '').join(': ');
  throw new StudioError('BAD_SETTINGS', `${place}: ${issue!.message}`);
}

function rateOrSchedule(text: string): number | KerasText {
  const value = Number(text);
  if (text.trim() === '' || value < 0)
    throw new InvalidArgumentError('Expected a number from 0 up.');
  return Number.isNaN(value) ? kerasText(text) : value;
}

/** `mse`, or again and again `output=mse`. */
function loss(text: string, before?: TrainingSettings['loss']): TrainingSettings['loss'] {
  const [, output, own] = /^([^:={}]+)=(.+)$/s.exec(text) ?? [];
  if (output === undefined) return nameOrObject(kerasText(text)) as TrainingSettings['loss'];
  const others = typeof before === 'object' && !('class_name' in before) ? before : {};
  return { ...others, [output]: nameOrObject(kerasText(own!)) } as TrainingSettings['loss'];
}

function metrics(text: string, before: readonly KerasText[] = []): KerasText[] {
  const several = text.includes(':') || text.trim().startsWith('{') ? [text] : splitOutside(text);
  return [...before, ...several.map(kerasText)];
}

/** `0=1,1=2.5`. */
function numbers(text: string, before: Readonly<Record<string, number>> = {}) {
  const added = splitOutside(text).map((part) => {
    const at = part.lastIndexOf('=');
    const value = Number(part.slice(at + 1));
    if (at < 1 || part.slice(at + 1).trim() === '' || Number.isNaN(value))
      throw new InvalidArgumentError(`Expected name=number; got ${part}.`);
    return [part.slice(0, at).trim(), value] as const;
  });
  return { ...before, ...Object.fromEntries(added) };
}
