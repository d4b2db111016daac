import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { StoredPicture } from '../../../../shared/api/events.ts';
import type { tensorBoardConfig } from '../../../../shared/keras/callbacks/logger-configs.ts';
import type { JsonObject } from '../../../../shared/keras/spec.ts';
import type { Logs } from '../../../../shared/program/tally.ts';
import { imageFile } from '../../contract.ts';
import type { CallbackWork } from '../callbacks.ts';
import type { CallbackWriter } from '../open.ts';
import { isModelWeight } from '../weights.ts';
import type { EncodedImage, SummaryValue } from './event.ts';
import { openEventFile } from './event-file.ts';
import { histogramOf } from './histogram.ts';
import { weightImage } from './weight-image.ts';

/**
 * Writes what TensorBoard shows, under the tags of Keras's callback: `epoch_loss` and the metrics of epochs, counted
 * from 0, in `train` and `validation`; `batch_loss` and the like every `update_freq` batches; histograms of the weights,
 * and with `write_images` the weights as images; and the fixed validation samples with what the model makes of them.
 * Source: keras.src.callbacks.tensorboard.TensorBoard.
 */
export async function openTensorBoard(
  config: z.infer<typeof tensorBoardConfig>,
  folder: string,
  { job, session }: CallbackWork,
  state: JsonObject | null,
): Promise<CallbackWriter> {
  const part = (name: string) => (state?.[name] ?? null) as JsonObject | null;
  const train = await openEventFile(join(folder, 'train'), part('train'));
  const validation = await openEventFile(join(folder, 'validation'), part('validation'));
  const every = config.update_freq === 'batch' ? 1 : config.update_freq;
  let [began, stepBefore] = [performance.now(), -1];

  async function weights(epoch: number): Promise<void> {
    const variables = await session().variables.read();
    const values = Object.entries(variables)
      .filter(([key, { dtype }]) => isModelWeight(key) && dtype === 'float32')
      .flatMap(([key, tensor]): SummaryValue[] => {
        const image = config.write_images ? weightImage(tensor) : null;
        return [
          { tag: `${key}/histogram`, histogram: histogramOf(tensor.data) },
          ...(image ? [{ tag: `${key}/image`, image }] : []),
        ];
      });
    if (values.length > 0) await train.add(epoch, values);
  }

  async function samples(epoch: number, step: number): Promise<void> {
    const wanted: [string, StoredPicture][] = [['samples/output', step]];
    if (epoch === 0) wanted.unshift(['samples/input', 'input'], ['samples/target', 'target']);
    for (const [tag, picture] of wanted) {
      const image = await pngOf(join(job.folder, imageFile(picture)));
      if (image) await validation.add(epoch, [{ tag, image }]);
    }
  }

  return {
    async batchEnd({ step }, logs) {
      if (stepBefore < 0) [began, stepBefore] = [performance.now(), step - 1];
      if (every === 'epoch' || step % every !== 0) return;
      await train.add(step, scalars('batch_', logs()));
    },
    async epochEnd({ epoch, step, logs, learningRate }) {
      const isJudged = (name: string) => name.startsWith('val_');
      const pick = (wanted: boolean) =>
        Object.fromEntries(Object.entries(logs).filter(([name]) => isJudged(name) === wanted));
      const rate = (step - stepBefore) / ((performance.now() - began) / 1000);
      const trained = {
        ...pick(false),
        learning_rate: learningRate,
        ...(config.write_steps_per_second && stepBefore >= 0 && { steps_per_second: rate }),
      };
      stepBefore = -1;
      await train.add(epoch, scalars('epoch_', trained));
      const judged = Object.fromEntries(
        Object.entries(pick(true)).map(([name, value]) => [name.slice('val_'.length), value]),
      );
      if (Object.keys(judged).length > 0) {
        const iterations = scalars('evaluation_', judged, '_vs_iterations');
        await validation.add(step, iterations);
        await validation.add(epoch, scalars('epoch_', judged));
      }
      if (config.histogram_freq > 0 && epoch % config.histogram_freq === 0) await weights(epoch);
      await samples(epoch, step);
    },
    async state() {
      return { train: await train.state(), validation: await validation.state() };
    },
    async close() {
      await train.close();
      await validation.close();
    },
  };
}

/** The logs of one number each. */
function scalars(prefix: string, logs: Logs, suffix = ''): SummaryValue[] {
  return Object.entries(logs).flatMap(([name, scalar]) =>
    typeof scalar === 'number' ? [{ tag: `${prefix}${name}${suffix}`, scalar }] : [],
  );
}

/** A PNG with what its header says; null when there is no such file. */
async function pngOf(file: string): Promise<EncodedImage | null> {
  const png = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!png) return null;
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  return { width, height, channels: png[25] === 2 ? 3 : 1, png };
}
