import type { EngineChoice } from '../../shared/api/events.ts';
import type { EngineSetting } from '../../shared/keras/training-settings.ts';
import { nodesOf } from '../../shared/program/program.ts';
import { createCandidate, listCandidates, missingParts, type Candidate } from './candidates.ts';
import { openMemory, type Choice, type Memory } from './choices.ts';
import type { DeviceInfo, Engine } from './engine.ts';
import { probe, probeNow, type ProbeOptions, type ProbeResult } from './probe.ts';
import { agree, runProbeStep, type StepSample, type Timing } from './probe-step.ts';

export interface SelectOptions extends ProbeOptions {
  /** The user's own step: with it, the candidates that work are timed and the fastest is taken. */
  readonly sample?: StepSample;
  /** A folder for what need not be found out again: choices, and what engines compile. */
  readonly cache?: string;
  /** Whether all are tried and timed anew though a choice is remembered. */
  readonly anew?: boolean;
  /** Is told, and waited for, before each candidate is tried. */
  readonly tell?: (next: Candidate, done: number, total: number) => Promise<void>;
}

/** An engine of this process, and why it was taken. */
export interface Selection {
  readonly engine: Engine;
  readonly choice: EngineChoice;
}

/** In which order candidates are tried when they are not timed, each if its device is of this kind. */
const ORDER: readonly Ordered[] = [
  { engine: 'tensorflow', provider: 'tfjs-node-gpu', kind: 'gpu' },
  { engine: 'onnx', provider: 'cuda', kind: 'gpu' },
  { engine: 'onnx', provider: 'cpu', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'tfjs-node', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'tfjs-node-gpu', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'javascript', kind: 'cpu' },
];

const JAVASCRIPT: Candidate = { engine: 'tensorflow', provider: 'javascript' };

type Ordered = Candidate & { readonly kind?: 'cpu' | 'gpu' };

/** How long a candidate may take to be timed. */
const TIMING_LIMIT_MS = 30_000;

/**
 * The engine to use in this process. Nothing is taken that has not run a real step here; what was the fastest for this
 * very step on this machine before is taken again. Throws when nothing of the preference works, with the reason of each.
 */
export async function select(
  preference: EngineSetting,
  options: SelectOptions = {},
): Promise<Selection> {
  const { sample, cache, anew = false } = options;
  const memory = sample && cache ? await openMemory(cache, preference, sample) : null;
  const asked = preference === 'auto' ? '' : `${preference} was asked for; `;
  const known = anew ? null : await memory?.recall();
  const again = known && (await startAgain(known, memory!, options));
  if (again && 'engine' in again) {
    const { reason, date } = known;
    const why = `${asked}${reason} (measured ${date}, remembered for this model on this machine)`;
    return { engine: again.engine, choice: choiceOf(known.candidate, known.device, why) };
  }
  const failed = again ? `${again.failed}; ` : '';

  const { result, reason } = await find(preference, options);
  const { candidate, device, env, resident } = result;
  const engine = await start({ candidate, env, resident }, options);
  if (result.timing)
    await memory?.remember({
      candidate,
      device,
      env,
      ...(resident !== undefined && { resident }),
      reason,
      date: new Date().toISOString().slice(0, 10),
    });
  return { engine, choice: choiceOf(candidate, device, failed + asked + reason) };
}

/** Starts the engine that was chosen before, unless that fails or did so the last time; then it is forgotten. */
async function startAgain(
  choice: Choice,
  memory: Memory,
  options: SelectOptions,
): Promise<{ readonly engine: Engine } | { readonly failed: string }> {
  const name = nameOf(choice.candidate);
  let engine: Engine | null = null;
  try {
    if (choice.starting) throw new Error('its process ended while it started');
    const missing = missingParts(choice.candidate);
    if (missing !== null) throw new Error(missing);
    // On a GPU a start can end the process; then this remains.
    const guarded = choice.candidate.provider !== 'cpu';
    if (guarded) await memory.remember({ ...choice, starting: true });
    engine = await start(choice, options);
    await runProbeStep(engine);
    if (guarded) await memory.remember(choice);
    return { engine };
  } catch (error) {
    await engine?.dispose().catch(() => {});
    await memory.forget();
    return {
      failed: `${name}, chosen on ${choice.date}, does not work any more (${(error as Error).message}), so all were tried anew`,
    };
  }
}

function start(
  { candidate, env, resident }: Pick<ProbeResult, 'candidate' | 'env' | 'resident'>,
  { cache }: SelectOptions,
): Promise<Engine> {
  Object.assign(process.env, env);
  return createCandidate(candidate, {
    ...(resident !== undefined && { resident }),
    ...(cache !== undefined && { cache }),
  });
}

function choiceOf(
  { engine, provider }: Candidate,
  device: DeviceInfo,
  reason: string,
): EngineChoice {
  return { engine, provider, device: device.name, kind: device.kind, reason };
}

interface Found {
  readonly result: ProbeResult & { readonly device: DeviceInfo };
  readonly reason: string;
}

function find(preference: EngineSetting, options: SelectOptions): Promise<Found> {
  const [engine, provider] = preference.split(':');
  const wanted = (one: Candidate) =>
    (preference === 'auto' || one.engine === engine) &&
    (provider === undefined || one.provider === provider);
  const candidates = listCandidates().filter(wanted);
  if (candidates.length === 0) throw new Error(`${preference} does not exist for this system`);
  const order = provider === undefined ? ORDER.filter(wanted) : candidates;
  // TensorFlow's packages are asked for by one name and taken in their order, so each that is passed over is said.
  const inOrder = preference === 'tensorflow';
  return options.sample
    ? fastest(candidates, order, inOrder, options.sample, options)
    : firstThatWorks(order, inOrder, [], options);
}

/**
 * Takes the first of the order that works; `passed` are those that are out already. Says why they are, with `sayAll`
 * also of those that are not installed.
 */
async function firstThatWorks(
  order: readonly Ordered[],
  sayAll: boolean,
  passed: readonly ProbeResult[],
  options: ProbeOptions,
): Promise<Found> {
  const out = [...passed];
  for (const { kind, ...candidate } of order) {
    const result = await probe(candidate, options);
    if (works(result) && (kind === undefined || result.device.kind === kind)) {
      const why = out.filter(({ installed }) => sayAll || installed).map(describe);
      return { result, reason: [`${nameOf(candidate)} works here`, ...why].join('; ') };
    }
    out.push(result);
  }
  const reasons = [...new Set(out.map(describe))];
  throw new Error(`no engine works here; ${reasons.join('; ')}`);
}

/**
 * Times the sample on each, and takes the fastest, or `inOrder` the first of the order. tfjs's JavaScript is so slow
 * that it is only taken when nothing else works; what gives other numbers than ONNX Runtime on the CPU is not taken at
 * all.
 */
async function fastest(
  candidates: readonly Candidate[],
  order: readonly Ordered[],
  inOrder: boolean,
  sample: StepSample,
  options: SelectOptions,
): Promise<Found> {
  const results: ProbeResult[] = [];
  const tried = candidates.filter((one) => nameOf(one) !== nameOf(JAVASCRIPT));
  const untimed = tried.length < candidates.length;
  for (const candidate of tried) {
    await options.tell?.(candidate, results.length, tried.length);
    results.push(await probeNow(candidate, { limit: TIMING_LIMIT_MS, ...options }, sample));
  }
  const timed = results.filter(isTimed);
  const judge = timed.find(({ candidate }) => nameOf(candidate) === 'onnx (cpu)')?.timing.outputs;
  const isRight = ({ timing }: Timed) => !judge || agree(judge, timing.outputs);
  const place = ({ candidate, device }: Timed) =>
    order.findIndex((one) => nameOf(one) === nameOf(candidate) && one.kind === device.kind);
  const rank = inOrder ? place : ({ timing }: Timed) => timing.milliseconds;
  const right = timed.filter(isRight).sort((a, b) => rank(a) - rank(b));
  if (!right[0]) {
    const out = results.filter((result) => !works(result) && !result.late);
    const left = order.filter(
      (one) => !out.some(({ candidate }) => nameOf(candidate) === nameOf(one)),
    );
    return firstThatWorks(left, inOrder, out, options);
  }
  const batch = batchOf(sample);
  const speeds = right.map(({ candidate, device, timing }) => {
    const speed = Math.round((batch * 1000) / timing.milliseconds).toLocaleString('en');
    return `${nameOf(candidate)} on ${device.name} ${speed} samples/s`;
  });
  const wrong = timed.filter((one) => !isRight(one));
  const others = [
    ...wrong.map(({ candidate }) => `${nameOf(candidate)} computes other numbers`),
    ...results
      .filter((one) => (inOrder || one.installed) && (!isTimed(one) || one.reason !== undefined))
      .map(describe),
    ...(untimed && !inOrder
      ? [
          `${nameOf(JAVASCRIPT)} was not timed: it is the slowest by far, for where nothing else works`,
        ]
      : []),
  ];
  const most = inOrder ? 'the first that works: ' : 'the fastest that works: ';
  const best = right.length === 1 && !untimed ? 'the only one that works: ' : most;
  const why = tried.length === 1 ? '' : best;
  return { result: right[0], reason: [why + speeds.join(', '), ...others].join('; ') };
}

/** How many samples a step takes. */
function batchOf({ program, feeds }: StepSample): number {
  const batched = nodesOf(program, 'feed').find(({ attrs }) => attrs.shape[0] === null);
  return (batched && feeds[batched.attrs.name]?.shape[0]) ?? 1;
}

type Timed = Found['result'] & { readonly timing: Timing };

function isTimed(result: ProbeResult): result is Timed {
  return works(result) && result.timing !== undefined;
}

function works(result: ProbeResult): result is Found['result'] {
  return result.device !== undefined;
}

function nameOf({ engine, provider }: Candidate): string {
  return `${engine} (${provider})`;
}

function describe({ candidate, device, reason }: ProbeResult): string {
  return `${nameOf(candidate)}: ${reason ?? `it computes on ${device?.name ?? 'nothing'}`}`;
}
