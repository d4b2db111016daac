import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ENGINE_SETTINGS, type TrainingSettings } from '../../shared/keras/training-settings.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findProject } from '../service/project.ts';
import { trainRun } from '../service/train-run.ts';
import { trustHooks } from '../service/trusted-hooks.ts';
import { carryOut, timestamp } from './carry-out.ts';
import { addDataFlags, withDataFlags, type DataFlags } from './data-flags.ts';
import { downloadFirst } from './download.ts';
import { wholeNumber } from './exit.ts';
import { modelNamed } from './project.ts';
import { addTrainingFlags, withTrainingFlags, type TrainingFlags } from './training-flags.ts';

interface TrainFlags extends DataFlags, TrainingFlags {
  readonly model?: string;
  readonly data?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly engine?: TrainingSettings['engine'];
  readonly checkpointMinutes?: number;
  readonly checkpointSteps?: number;
  readonly keepCheckpoints?: number;
  readonly probe?: true;
  readonly out?: string;
  readonly json?: true;
}

/** `train <project|template>`. */
export function addTrain(program: Command): Command {
  const command = addTrainingFlags(
    program
      .command('train')
      .description('Trains a model of a project or a template, and keeps the run in a folder.')
      .argument(
        '<project|template>',
        'a folder with project.json, or the name of a template (autoencoder)',
      )
      .option('--model <name>', "which of the project's models (default: the one it trains)")
      .option(
        '--data <name|path>',
        'a built-in dataset (mnist; fashion-mnist, kmnist and cifar10 are downloaded), or a folder or file',
      )
      .option('--epochs <n>', 'passes over the data', wholeNumber(1, 1_000_000))
      .option('--batch-size <n>', 'samples a step', wholeNumber(1, 1_000_000))
      .option('--limit <n>', 'use the first n samples only', wholeNumber(1))
      .option('--seed <n>', 'of initial weights, order and dropout', wholeNumber(0, 0xffffffff))
      .addOption(new Option('--engine <name>', 'what computes').choices(ENGINE_SETTINGS))
      .option(
        '--checkpoint-minutes <n>',
        'a checkpoint every n minutes, beside the ends of epochs (default: 5)',
        wholeNumber(1, 10_000),
      )
      .option('--checkpoint-steps <n>', 'a checkpoint every n steps', wholeNumber(1))
      .option('--keep-checkpoints <n>', 'newest ones to keep (default: 3)', wholeNumber(1, 1000))
      .option('--probe', 'try all engines anew, though one is remembered as the fastest')
      .option('--out <dir>', "the run's folder (default: a new one under ./runs)")
      .option('--json', 'print one JSON event a line'),
  );
  return addDataFlags(command).action(train);
}

async function train(nameOrPath: string, flags: TrainFlags): Promise<void> {
  await carryOut(flags, async (report) => {
    const { name, model, training } = await findProject(nameOrPath);
    const based = await withTrainingFlags(training, flags);
    const settings: TrainingSettings = {
      ...withDataFlags(based, flags, flags.data),
      ...(flags.model !== undefined && { model: modelNamed(model, flags.model) }),
      ...(flags.epochs !== undefined && { epochs: flags.epochs }),
      ...(flags.batchSize !== undefined && { batch_size: flags.batchSize }),
      ...(flags.limit !== undefined && { limit: flags.limit }),
      ...(flags.seed !== undefined && { seed: flags.seed }),
      ...(flags.engine !== undefined && { engine: flags.engine }),
      checkpoints: {
        every_minutes: flags.checkpointMinutes ?? based.checkpoints.every_minutes,
        every_steps: flags.checkpointSteps ?? based.checkpoints.every_steps,
        keep: flags.keepCheckpoints ?? based.checkpoints.keep,
      },
    };
    await trustHooks(settings.callbacks, training.callbacks);
    if (settings.callbacks.some(({ class_name }) => class_name === 'DesktopNotification'))
      report.note('DesktopNotification: only a studio that is open shows one.');
    await downloadFirst(settings.data);
    return trainRun({
      model,
      settings,
      folder: resolve(flags.out ?? join('runs', `${name}-${timestamp()}`)),
      chooseAnew: flags.probe === true,
      startTrainer: () => forkTrainer(),
      onEvents: report.events,
    });
  });
}
