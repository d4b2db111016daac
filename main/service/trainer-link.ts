import { StudioError } from '../../shared/api/errors.ts';
import type { DeviceUsage, EngineProgress } from '../../shared/api/engines.ts';
import type { RunEventBody } from '../../shared/api/events.ts';
import { link, type Remote } from '../../shared/api/rpc.ts';
import type { RateCurve } from '../../shared/keras/rate-finder.ts';
import type { TrainerListener, TrainerService } from '../trainer/contract.ts';
import { createProbing } from './probing.ts';
import type { ProcessExit, StartTrainer } from './trainer-process.ts';

/** Where a trainer's process is; `silent`: alive, but without a sign of life for a while. */
export type TrainerState = 'starting' | 'working' | 'silent' | 'stopping' | 'ended';

/** What the owner of a trainer wants to know while it works. */
export interface TrainerWatcher {
  events?(bodies: readonly RunEventBody[]): void;
  /** It has been silent since then (ms since 1970), or (null) it is no longer. */
  silent?(since: number | null): void;
  usage?(usage: DeviceUsage): void;
  enginesTried?(progress: EngineProgress): void;
  rateTried?(curve: RateCurve): void;
}

/** Time limits in ms. */
export interface TrainerLimits {
  /** Without a sign of life for so long, it counts as silent. */
  readonly silence: number;
  /** From the message to stop until the signal to end. */
  readonly stopping: number;
  /** From the signal to end until the one that nothing survives. */
  readonly ending: number;
}

const usualLimits: TrainerLimits = { silence: 10_000, stopping: 30_000, ending: 2_000 };

/** A trainer's process, owned. */
export interface Trainer {
  readonly state: TrainerState;
  /** Its methods. They reject with code `TRAINER_DIED` and what is known about why, once the process has ended. */
  readonly service: Remote<TrainerService>;
  /** Asks it to stop; ends it by signal when it doesn't in time. Resolves once the process has ended. */
  stop(): Promise<ProcessExit>;
  /** Ends it by signal, by the one that nothing survives if need be. Resolves once the process has ended. */
  end(): Promise<ProcessExit>;
}

/** Starts a trainer's process and watches over it. */
export function openTrainer(
  start: StartTrainer,
  watcher: TrainerWatcher = {},
  limits: TrainerLimits = usualLimits,
): Trainer {
  const trainer = start();
  let state: TrainerState = 'starting';
  let lastSign = performance.now();

  const sign = () => {
    lastSign = performance.now();
    if (state === 'silent') watcher.silent?.(null);
    if (state === 'silent' || state === 'starting') state = 'working';
  };
  const watch = setInterval(() => {
    if (state !== 'working' && state !== 'starting') return;
    const silence = performance.now() - lastSign;
    if (silence < limits.silence) return;
    state = 'silent';
    watcher.silent?.(Date.now() - silence);
  }, limits.silence / 10);

  const probing = createProbing(start);
  const listener: TrainerListener = {
    events(bodies) {
      sign();
      watcher.events?.(bodies);
    },
    heartbeat: sign,
    usage: (usage) => watcher.usage?.(usage),
    enginesTried: (progress) => watcher.enginesTried?.(progress),
    rateTried: (curve) => watcher.rateTried?.(curve),
    ...probing,
  };
  const remote = link<TrainerService, TrainerListener>(trainer.channel, listener);
  const exit = trainer.exit.then((how) => {
    clearInterval(watch);
    probing.endProbe();
    state = 'ended';
    return how;
  });

  /** Calls that end with the process say how it ended. */
  const service = new Proxy(remote, {
    get(target, method: keyof TrainerService) {
      const call = target[method] as ((...args: unknown[]) => Promise<unknown>) | undefined;
      return (
        call &&
        ((...args: unknown[]) =>
          call(...args).catch(async (error: StudioError) => {
            throw error.code === 'CLOSED' ? died(await exit, trainer.lastWords()) : error;
          }))
      );
    },
  });

  function end(): Promise<ProcessExit> {
    if (state !== 'ended') {
      state = 'stopping';
      trainer.kill('SIGTERM');
      const timer = setTimeout(() => trainer.kill('SIGKILL'), limits.ending);
      void exit.then(() => clearTimeout(timer));
    }
    return exit;
  }

  return {
    get state() {
      return state;
    },
    service,
    stop() {
      if (state === 'ended' || state === 'stopping') return exit;
      state = 'stopping';
      // The answer does not matter: either the process ends by itself now, or the timer ends it.
      remote.stop().catch(() => {});
      const timer = setTimeout(() => void end(), limits.stopping);
      return exit.finally(() => clearTimeout(timer));
    },
    end,
  };
}

function died({ code, signal }: ProcessExit, lastWords: string): StudioError {
  const how = signal ? ` by ${signal}` : code === null ? '' : ` with exit code ${code}`;
  const words = lastWords
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at |^\s*\^|^Node\.js v/.test(line))
    .slice(-3)
    .join('\n');
  return new StudioError(
    'TRAINER_DIED',
    `the trainer's process ended unexpectedly${how}${words && `; the last it wrote: ${words}`}`,
  );
}
