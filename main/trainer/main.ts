import type { Channel } from '../../shared/api/channel.ts';
import type { RunEventBody } from '../../shared/api/events.ts';
import { link } from '../../shared/api/rpc.ts';
import { cacheFolder } from '../data/cache-folder.ts';
import { forgetChoices } from '../engines/choices.ts';
import { canFork, startProbesBy } from '../engines/probe-process.ts';
import { readModelFile } from '../formats/read.ts';
import type { TrainerListener, TrainerService } from './contract.ts';
import { Control } from './control.ts';
import { findRate } from './find-rate.ts';
import { openModel } from './open-model.ts';
import { probeByOwner } from './owner-probe.ts';
import { estimateMemory } from './memory.ts';
import { parentChannel } from './parent.ts';
import { predict } from './predict.ts';
import { preview } from './preview.ts';
import { prove } from './prove.ts';
import { survey } from './survey.ts';
import { train } from './trainer.ts';
import { followUsage } from './usage.ts';
import { planModel, writeModel } from './write-model.ts';

/** How often the owner hears that this process lives, in ms. */
const HEARTBEAT = 500;

/** From the loss of the owner until this process ends, whatever it is doing, in ms. */
const ORPHANED = 10_000;

/** The trainer's process: does what the process that started it asks. A process does one job and is ended by its owner. */
function serve(channel: Channel): void {
  const stopping = new AbortController();
  const control = new Control();
  let job: Promise<unknown> = Promise.resolve();
  /** Remembers the job, so that an orphan can finish it. */
  const working = <T>(work: Promise<T>): Promise<T> => {
    job = work.catch(() => {});
    return work;
  };
  const listener = link<TrainerListener, TrainerService>(channel, {
    train(job) {
      const usage = followUsage((now) => void listener.usage(now));
      const send = (events: readonly RunEventBody[]) => {
        usage.see(events);
        void listener.events(events);
      };
      return working(train(job, send, stopping.signal, control).finally(usage.end));
    },
    stop: async () => stopping.abort(),
    pause: async () => control.pause(),
    proceed: async () => control.proceed(),
    checkpoint: () => control.ask({ kind: 'checkpoint' }),
    setTrainable: (change) => control.ask({ kind: 'trainable', change }),
    prove: ({ model, settings }) => working(prove(model, settings)),
    memory: (job) => working(estimateMemory(job)),
    preview: (job) => working(preview(job)),
    findRate: (job) =>
      working(findRate(job, (curve) => void listener.rateTried(curve), stopping.signal)),
    predict: (job) => working(predict(job)),
    openModel: (job) => working(openModel(job)),
    readModels: (file) => working(readModelFile(file).then(({ spec }) => ({ spec }))),
    planExport: (job) => working(planModel(job)),
    exportModel: (job) => working(writeModel(job)),
    forgetChoices: () => forgetChoices(cacheFolder()),
    engines: (benchmark) => survey(benchmark, (progress) => void listener.enginesTried(progress)),
  });
  if (!canFork()) startProbesBy(probeByOwner(listener));
  const heartbeat = setInterval(() => void listener.heartbeat(), HEARTBEAT);
  channel.onClose(() => {
    clearInterval(heartbeat);
    stopping.abort();
    setTimeout(() => process.exit(1), ORPHANED).unref();
    void job.then(() => process.exit(0));
  });
}

// On Windows Ctrl-C reaches every process of a console: the owner alone decides what becomes of the training.
process.on('SIGINT', () => {});
serve(parentChannel());
