// A trainer for the load bench: tells 1,000 steps a second in batches of 100 ms, as a real one does, and computes
// nothing. Step k ends k ms after `begin`; the bench reads from the first event when that was.
import type { RunEventBody } from '../../shared/api/events.ts';
import { link } from '../../shared/api/rpc.ts';
import type { TrainerListener, TrainerService } from '../../main/trainer/contract.ts';

const GATHER = 100;
let stopped = false;

const service = {
  async train({ settings }) {
    const steps = settings.epochs * 10_000;
    const tell = (bodies: readonly RunEventBody[]) => void listener.events(bodies);
    tell([
      { type: 'state', state: 'training' },
      {
        type: 'plan',
        epochs: settings.epochs,
        stepsPerEpoch: 10_000,
        batchSize: 1,
        trainSamples: 10_000,
        validationSamples: 1,
        engine: { engine: 'onnx', provider: 'cpu', device: 'none', kind: 'cpu', reason: 'a bench' },
      },
    ]);
    const begin = Date.now();
    for (let done = 0; done < steps && !stopped;) {
      await new Promise((resolve) => setTimeout(resolve, GATHER - ((Date.now() - begin) % GATHER)));
      const now = Math.min(steps, Date.now() - begin);
      // The loss of a step says when it ended, so that who sees it knows how old it is.
      const losses = Array.from({ length: now - done }, (_, i) => begin + done + i + 1);
      if (losses.length > 0) tell([{ type: 'steps', first: done + 1, losses, rate: 0.001 }]);
      done = now;
    }
    return { state: stopped ? 'stopped' : 'finished' };
  },
  stop: async () => void (stopped = true),
} as Partial<TrainerService> as TrainerService;

const listener = link<TrainerListener, TrainerService>(
  {
    post: (message) => void process.send!(message),
    onMessage: (callback) => void process.on('message', callback),
    onClose: (callback) => void process.on('disconnect', callback),
  },
  service,
);
process.on('disconnect', () => process.exit());
setInterval(() => void listener.heartbeat(), 500);
