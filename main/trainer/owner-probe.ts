import type { Remote } from '../../shared/api/rpc.ts';
import type { ProbeProcess, StartProbe } from '../engines/probe-process.ts';
import type { ProbeOutcome, TrainerListener } from './contract.ts';

/** Lets the owner of this process start probes for it: Electron's utility processes can't start processes themselves. */
export function probeByOwner(
  owner: Pick<Remote<TrainerListener>, 'probe' | 'endProbe'>,
): StartProbe {
  return (env): ProbeProcess => {
    let words = '';
    let begin = (_outcome: Promise<ProbeOutcome>) => {};
    const outcome = new Promise<ProbeOutcome>((resolve) => (begin = resolve));
    return {
      channel: {
        post: (request) => begin(owner.probe(env, request)),
        onMessage: (listener) =>
          void outcome.then(
            ({ reply }) => reply !== undefined && listener(reply),
            () => {},
          ),
      },
      exit: outcome.then(
        ({ exit, lastWords }) => {
          words = lastWords;
          return exit;
        },
        (error: Error) => {
          words = error.message;
          return { code: null, signal: null };
        },
      ),
      lastWords: () => words,
      kill: () => void owner.endProbe(),
    };
  };
}
