import type { EngineReport } from '../../shared/api/contract.ts';
import { createCandidate, listCandidates, missingParts, type Candidate } from './candidates.ts';
import type { DeviceInfo } from './engine.ts';
import type { ProbeReply, ProbeRequest } from './probe-child.ts';
import { probeStarter, type StartProbe } from './probe-process.ts';
import { runProbeStep, type StepSample, type Timing } from './probe-step.ts';
import { explainError, explainExit, missingLibraries } from './probe-words.ts';

export interface ProbeOptions {
  /** How to start the probe's process; unless told, a fork of the built program. */
  readonly start?: StartProbe;
  /** How long a candidate may take, in ms; 60 s unless told, for a GPU's first start can be long. */
  readonly limit?: number;
}

/** What became of a candidate. */
export interface ProbeResult {
  readonly candidate: Candidate;
  readonly installed: boolean;
  /** Where it works. */
  readonly device?: DeviceInfo;
  /** Why it does not work, or not as it was meant to, and what the user can do. */
  readonly reason?: string;
  /** True when it was ended for taking too long. */
  readonly late?: boolean;
  /** What the environment must hold for it to work. */
  readonly env: Readonly<Record<string, string>>;
  /** What the sample gave, where there was one. */
  readonly timing?: Timing;
}

const LIMIT_MS = 60_000;
/** TensorFlow takes GPU memory as it needs it, not all at once. */
const ENV = { TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
const WITHOUT_GPU = { ...ENV, CUDA_VISIBLE_DEVICES: '-1' };
/** What can be loaded into any process without harm, should no other be had. */
const HARMLESS: readonly string[] = ['onnx/cpu', 'tensorflow/javascript'];

/** What is known, by the way in which it was tried. */
const known = new Map<StartProbe | undefined, Map<string, Promise<ProbeResult>>>();

/** Tries a candidate by running a small real step in a process of its own. Tried once in this process, then known. */
export function probe(candidate: Candidate, options: ProbeOptions = {}): Promise<ProbeResult> {
  const results = known.get(options.start) ?? new Map<string, Promise<ProbeResult>>();
  known.set(options.start, results);
  const key = `${candidate.engine}/${candidate.provider}`;
  const result = results.get(key) ?? probeNow(candidate, options);
  results.set(key, result);
  return result;
}

/** Tries a candidate now, and times the sample on it. */
export async function probeNow(
  candidate: Candidate,
  { start = probeStarter(), limit = LIMIT_MS }: ProbeOptions = {},
  sample?: StepSample,
): Promise<ProbeResult> {
  const missing = missingParts(candidate);
  if (missing !== null) return { candidate, installed: false, reason: missing, env: ENV };
  if (!start) return probeHere(candidate);
  const attempt = await tryOnce(start, ENV, limit, { candidate, ...(sample && { sample }) });
  if (candidate.provider !== 'tfjs-node-gpu') return result(candidate, attempt, ENV);
  if (attempt.device) {
    const reason = attempt.device.kind === 'gpu' ? undefined : missingLibraries(attempt.lastWords);
    return result(candidate, { ...attempt, reason }, ENV);
  }
  const second = await tryOnce(start, WITHOUT_GPU, limit, { candidate, ...(sample && { sample }) });
  if (!second.device) return result(candidate, attempt, ENV);
  const reason = `the GPU does not work with it (${attempt.reason}), so it computes on the CPU`;
  return result(candidate, { ...second, reason }, WITHOUT_GPU);
}

/** Everything that there can be on this machine, tried one after the other. */
export async function probeAll(options: ProbeOptions = {}): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const candidate of listCandidates()) {
    const { installed, device, reason } = await probe(candidate, options);
    reports.push({
      ...candidate,
      installed,
      works: device !== undefined,
      ...(device && { device: device.name, kind: device.kind }),
      ...(reason !== undefined && { reason }),
    });
  }
  return reports;
}

interface Attempt {
  readonly device?: DeviceInfo;
  readonly timing?: Timing | undefined;
  readonly reason?: string | undefined;
  readonly late?: boolean;
  readonly lastWords: string;
}

function result(
  candidate: Candidate,
  { device, timing, reason, late }: Attempt,
  env: ProbeResult['env'],
): ProbeResult {
  return {
    candidate,
    installed: true,
    env,
    ...(device && { device }),
    ...(timing && { timing }),
    ...(late && { late }),
    ...(reason !== undefined && { reason }),
  };
}

/** Starts a process, waits for its answer, its end or the limit, and ends it. */
async function tryOnce(
  start: StartProbe,
  env: Readonly<Record<string, string>>,
  limit: number,
  request: ProbeRequest,
): Promise<Attempt> {
  const child = start(env);
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  const reply = await Promise.race([
    new Promise<ProbeReply>((resolve) => {
      child.channel.onMessage((message) => resolve(message as ProbeReply));
      child.channel.post(request);
    }),
    child.exit.then((exit): ProbeReply => ({ error: explainExit(exit, child.lastWords()) })),
    new Promise<ProbeReply>((resolve) => {
      timer = setTimeout(() => {
        late = true;
        resolve({ error: `it gave no answer within ${limit / 1000} s` });
      }, limit);
    }),
  ]);
  clearTimeout(timer);
  child.kill('SIGKILL');
  await child.exit;
  const lastWords = child.lastWords();
  if ('error' in reply) return { reason: explainError(reply.error), late, lastWords };
  return { device: reply.device, timing: reply.timing, lastWords };
}

/** Without a process to try it in, only what can do no harm is tried, in this one. */
async function probeHere(candidate: Candidate): Promise<ProbeResult> {
  const here = { candidate, installed: true, env: ENV };
  if (!HARMLESS.includes(`${candidate.engine}/${candidate.provider}`))
    return { ...here, reason: 'it was not tried, for no process could be started to try it in' };
  try {
    const engine = await createCandidate(candidate);
    await runProbeStep(engine);
    await engine.dispose();
    return { ...here, device: engine.device };
  } catch (error) {
    return { ...here, reason: (error as Error).message };
  }
}
