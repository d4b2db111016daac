import type { Channel } from '../../shared/api/channel.ts';
import { link } from '../../shared/api/rpc.ts';
import { canFork, startProbesBy } from '../engines/probe-process.ts';
import { probeAll } from '../engines/probe.ts';
import type { TrainerListener, TrainerService } from './contract.ts';
import { probeByOwner } from './owner-probe.ts';
import { parentChannel } from './parent.ts';
import { prove } from './prove.ts';
import { train } from './trainer.ts';

/** How often the owner hears that this process lives, in ms. */
const HEARTBEAT = 500;

/** From the loss of the owner until this process ends, whatever it is doing, in ms. */
const ORPHANED = 10_000;

/** The trainer's process: does what the process that started it asks. A process does one job and is ended by its owner. */
function serve(channel: Channel): void {
  const stopping = new AbortController();
  let job: Promise<unknown> = Promise.resolve();
  /** Remembers the job, so that an orphan can finish it. */
  const working = <T>(work: Promise<T>): Promise<T> => {
    job = work.catch(() => {});
    return work;
  };
  const listener = link<TrainerListener, TrainerService>(channel, {
    train: (job) => working(train(job, (events) => void listener.events(events), stopping.signal)),
    stop: async () => stopping.abort(),
    prove: ({ model, settings }) => working(prove(model, settings)),
    engines: () => working(probeAll()),
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

serve(parentChannel());
