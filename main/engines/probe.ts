import { totalmem } from 'node:os';
import type { EngineProgress, EngineReport } from '../../shared/api/engines.ts';
import {
  canHold,
  createCandidate,
  listCandidates,
  missingParts,
  type Candidate,
} from './candidates.ts';
import { gpuOf } from './devices/gpus.ts';
import { usageNow } from './devices/usage.ts';
import type { DeviceInfo } from './engine.ts';
import type { ProbeReply, ProbeRequest } from './probe-child.ts';
import { probeStarter, type StartProbe } from './probe-process.ts';
import { runProbeStep, type StepSample, type Timing } from './probe-step.ts';
import { explainCpu, explainError, explainExit, gpuMade } from './probe-words.ts';

export interface ProbeOptions {
  /** How to start the probe's process; unless told, a fork of the built program. */
  readonly start?: StartProbe;
  /** How long a candidate may take, in ms; 60 s unless told, for a GPU's first start can be long. */
  readonly limit?: number;
  /** A folder for what engines compile. */
  readonly cache?: string;
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
  /** False where variables can't stay on the GPU that should hold them. */
  readonly resident?: false;
  /** What the sample gave, where there was one. */
  readonly timing?: Timing;
}

const LIMIT_MS = 60_000;
/** How long timing one candidate may take: tfjs's JavaScript needs many seconds for a step of the seed. */
const BENCHMARK_LIMIT_MS = 180_000;
/** TensorFlow takes GPU memory as it needs it, not all at once. */
const ENV = { TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
const WITHOUT_GPU = { ...ENV, CUDA_VISIBLE_DEVICES: '-1' };
/** While it is tried, TensorFlow is to say all that it finds out about GPUs. */
const TALKATIVE = { TF_CPP_MIN_LOG_LEVEL: '0' };
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
  { start = probeStarter(), limit = LIMIT_MS, cache }: ProbeOptions = {},
  sample?: StepSample,
): Promise<ProbeResult> {
  const missing = missingParts(candidate);
  if (missing !== null) return { candidate, installed: false, reason: missing, env: ENV };
  if (!start) return probeHere(candidate);
  const request = { candidate, ...(sample && { sample }), ...(cache !== undefined && { cache }) };
  const attempt = await tryOnce(start, ENV, limit, request);
  const found = result(candidate, attempt, ENV);
  if (candidate.provider === 'tfjs-node-gpu') {
    if (attempt.device?.kind === 'cpu') return { ...found, reason: explainCpu(attempt.lastWords) };
    if (attempt.device) return found;
    const second = await tryOnce(start, WITHOUT_GPU, limit, request);
    if (!second.device) return found;
    const reason = `it computes on the CPU, for the GPU does not work with it: ${attempt.reason}`;
    return result(candidate, { ...second, reason }, WITHOUT_GPU);
  }
  // A crash leaves the process no way to try it without.
  if (!attempt.died || !canHold(candidate)) return found;
  const second = await tryOnce(start, ENV, limit, { ...request, resident: false });
  return second.device ? result(candidate, { ...second, travels: attempt.reason }, ENV) : found;
}

/** What a survey of everything measures and tells. */
export interface SurveyOptions extends ProbeOptions {
  /** A step of `batch` samples to be timed on each candidate that works. */
  readonly benchmark?: { readonly sample: StepSample; readonly batch: number };
  readonly tell?: (progress: EngineProgress) => void;
}

/** Everything that there can be on this machine, tried one after the other, each in a process of its own. */
export async function probeAll(options: SurveyOptions = {}): Promise<EngineReport[]> {
  const { benchmark, tell, ...how } = options;
  const candidates = listCandidates();
  const reports: EngineReport[] = [];
  for (const next of candidates) {
    const last = reports.at(-1);
    const at = { done: reports.length, total: candidates.length };
    tell?.({ ...at, ...(last && { report: last }), next });
    const found = await probe(next, how);
    const speed = benchmark && found.device ? await timed(found, benchmark, how) : {};
    reports.push({ ...reportOf(found), ...(await inUse(found)), ...speed });
  }
  tell?.({ done: reports.length, total: reports.length, report: reports.at(-1)! });
  return reports;
}

function reportOf({ candidate, installed, device, reason }: ProbeResult): EngineReport {
  return {
    ...candidate,
    installed,
    works: device !== undefined,
    ...(device && { device: device.name, kind: device.kind }),
    ...(device?.memory !== undefined && { memory: device.memory }),
    ...(reason !== undefined && { reason }),
  };
}

/** What the candidate's GPU is used for now, as far as its driver tells. */
async function inUse({
  candidate,
  device,
}: ProbeResult): Promise<Pick<EngineReport, 'memoryInUse' | 'busy'>> {
  const gpu = device?.kind === 'gpu' ? await gpuOf(candidate.provider) : null;
  const usage = gpu && (await usageNow(gpu));
  return {
    ...(usage && usage.memory !== null && { memoryInUse: usage.memory }),
    ...(usage && usage.busy !== null && { busy: usage.busy }),
  };
}

/** How fast a candidate that works is, or why that could not be measured. */
async function timed(
  { candidate, env, reason, resident }: ProbeResult,
  { sample, batch }: NonNullable<SurveyOptions['benchmark']>,
  { start = probeStarter(), limit = BENCHMARK_LIMIT_MS }: ProbeOptions,
): Promise<Pick<EngineReport, 'samplesPerSecond' | 'reason'>> {
  const attempt: Attempt = start
    ? await tryOnce(start, env, limit, {
        candidate,
        sample,
        ...(resident !== undefined && { resident }),
      })
    : { reason: 'no process could be started to time it in', lastWords: '' };
  if (attempt.timing) return { samplesPerSecond: (batch * 1000) / attempt.timing.milliseconds };
  return {
    reason: [reason, `its speed was not measured: ${attempt.reason}`].filter(Boolean).join('; '),
  };
}

interface Attempt {
  readonly device?: DeviceInfo;
  readonly timing?: Timing | undefined;
  readonly reason?: string | undefined;
  readonly late?: boolean;
  /** True when its process ended without an answer. */
  readonly died?: boolean;
  /** Why variables can't stay on the GPU, where it works without. */
  readonly travels?: string | undefined;
  readonly lastWords: string;
}

function result(
  candidate: Candidate,
  { device, timing, late, travels, ...rest }: Attempt,
  env: ProbeResult['env'],
): ProbeResult {
  const reason =
    travels === undefined
      ? rest.reason
      : `its variables go to and fro at each step, for they can't stay on the GPU: ${travels}`;
  return {
    candidate,
    installed: true,
    env,
    ...(device && { device }),
    ...(timing && { timing }),
    ...(late && { late }),
    ...(travels !== undefined && { resident: false }),
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
  const child = start({ ...env, ...TALKATIVE });
  let timer: NodeJS.Timeout | undefined;
  let [late, died] = [false, false];
  const reply = await Promise.race([
    new Promise<ProbeReply>((resolve) => {
      child.channel.onMessage((message) => resolve(message as ProbeReply));
      child.channel.post(request);
    }),
    child.exit.then((exit): ProbeReply => {
      died = true;
      return { error: explainExit(exit, child.lastWords()) };
    }),
    new Promise<ProbeReply>((resolve) => {
      timer = setTimeout(() => {
        late = true;
        resolve({ error: `it gave no answer within ${limit / 1000} s` });
      }, limit);
    }),
  ]);
  clearTimeout(timer);
  const crashed = died;
  child.kill('SIGKILL');
  await child.exit;
  const lastWords = child.lastWords();
  const { candidate } = request;
  if ('error' in reply) {
    const why = explainError(candidate, reply.error, lastWords);
    return {
      reason: late && why !== reply.error ? `${reply.error}: ${why}` : why,
      late,
      died: crashed,
      lastWords,
    };
  }
  const { device, timing, travels } = reply;
  return { device: await named(device, lastWords), timing, travels, lastWords };
}

/** The device by its own name and with its memory, where the library or the driver tells. */
async function named(device: DeviceInfo, lastWords: string): Promise<DeviceInfo> {
  if (device.kind === 'cpu') return { memory: totalmem(), ...device };
  const made = gpuMade(lastWords);
  const gpu = await gpuOf(device.provider);
  const memory = gpu?.memory ?? made?.memory;
  return {
    ...device,
    name: made?.name ?? gpu?.name ?? device.name,
    ...(memory !== undefined && { memory }),
  };
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
