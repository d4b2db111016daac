import type { DeviceUsage } from '../../shared/api/engines.ts';
import type { RunEventBody } from '../../shared/api/events.ts';
import { gpuOf } from '../engines/devices/gpus.ts';
import { watchUsage } from '../engines/devices/usage.ts';

/** Tells what a training takes of the machine: of this process from now on, of the GPU once the engine is chosen. */
export function followUsage(tell: (usage: DeviceUsage) => void): {
  /** Looks at the events of the training for its engine. */
  see(events: readonly RunEventBody[]): void;
  end(): void;
} {
  let ended = false;
  let stop = watchUsage(tell, null);
  return {
    see(events) {
      const plan = events.find((event) => event.type === 'plan');
      if (plan?.engine.kind !== 'gpu') return;
      void gpuOf(plan.engine.provider).then((gpu) => {
        if (ended || !gpu) return;
        stop();
        stop = watchUsage(tell, gpu);
      });
    },
    end() {
      ended = true;
      stop();
    },
  };
}
