import type { ProbeOutcome, TrainerListener } from '../trainer/contract.ts';
import { probeEntry } from './places.ts';
import type { StartTrainer, TrainerProcess } from './trainer-process.ts';

/** Starts probes for a trainer that can't start processes itself, one at a time. */
export function createProbing(start: StartTrainer): Pick<TrainerListener, 'probe' | 'endProbe'> {
  let running: TrainerProcess | null = null;
  return {
    async probe(env, request): Promise<ProbeOutcome> {
      const probe = start(probeEntry, env);
      running = probe;
      const reply = await Promise.race([
        new Promise((resolve) => {
          probe.channel.onMessage(resolve);
          probe.channel.post(request);
        }),
        probe.exit.then(() => undefined),
      ]);
      probe.kill('SIGKILL');
      const exit = await probe.exit;
      running = null;
      return { reply, exit, lastWords: probe.lastWords() };
    },
    endProbe: () => running?.kill('SIGKILL'),
  };
}
