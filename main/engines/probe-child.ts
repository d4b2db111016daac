import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../shared/api/message.ts';
import { canHold, createCandidate, type Candidate, type CandidateOptions } from './candidates.ts';
import type { DeviceInfo } from './engine.ts';
import { runProbeStep, timeStep, type StepSample, type Timing } from './probe-step.ts';

/** What the probe's process is asked: once, then it has done its work. */
export interface ProbeRequest extends CandidateOptions {
  readonly candidate: Candidate;
  /** The user's own step, to be timed; without it only the small step is run. */
  readonly sample?: StepSample;
}

/** What it answers. */
export type ProbeReply =
  | {
      readonly device: DeviceInfo;
      readonly timing?: Timing;
      /** Why variables can't stay on a GPU that should hold them, where it only works without. */
      readonly travels?: string;
    }
  | { readonly error: string };

/** The port that Electron's utility process has in place of `process.on('message')`. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const parentPort = (process as { parentPort?: ParentPort }).parentPort;
const guarded = parentPort ? Promise.resolve() : endWithParent();
const answer = (request: unknown) => {
  void guarded
    .then(() => tryCandidate(request as ProbeRequest))
    .then((reply) => (parentPort ? parentPort.postMessage(reply) : process.send?.(reply)));
};

if (parentPort) parentPort.on('message', (event) => answer(event.data));
else {
  process.on('message', answer);
  process.on('disconnect', () => process.exit());
}

/**
 * From the time when it resolves, this process ends soon after the one that started it, also while a library keeps its
 * main thread: nobody else would then end a probe that hangs.
 */
async function endWithParent(): Promise<void> {
  const watch = `
    const parent = process.ppid;
    setInterval(() => {
      let alive = process.ppid === parent;
      try { process.kill(parent, 0); } catch { alive = false; }
      if (!alive) process.kill(process.pid, 'SIGKILL');
    }, 500);`;
  const worker = new Worker(watch, { eval: true });
  worker.unref();
  await once(worker, 'online').catch(() => {});
}

async function tryCandidate(request: ProbeRequest): Promise<ProbeReply> {
  try {
    return await attempt(request);
  } catch (error) {
    const message = messageOf(error);
    if (request.resident === false || !canHold(request.candidate)) return { error: message };
    return attempt({ ...request, resident: false }).then(
      (reply) => ({ ...reply, travels: message }),
      () => ({ error: message }),
    );
  }
}

async function attempt({ candidate, sample, ...how }: ProbeRequest): Promise<ProbeReply> {
  const engine = await createCandidate(candidate, how);
  await runProbeStep(engine);
  const unsupported = sample ? engine.unsupported(sample.program) : [];
  if (unsupported.length > 0) return { error: `it can't run ${unsupported.join(', ')}` };
  return {
    device: engine.device,
    ...(sample && { timing: await timeStep(engine, sample) }),
  };
}
