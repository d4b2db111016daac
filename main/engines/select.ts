import type { EngineChoice } from '../../shared/api/events.ts';
import { createCandidate, listCandidates, type Candidate } from './candidates.ts';
import type { Engine, EngineName } from './engine.ts';
import { probe, probeNow, type ProbeOptions, type ProbeResult } from './probe.ts';
import { agree, type StepSample, type Timing } from './probe-step.ts';

export interface SelectOptions extends ProbeOptions {
  /** The user's own step: with it, the candidates that work are timed and the fastest is taken. */
  readonly sample?: StepSample;
}

/** An engine of this process, and why it was taken. */
export interface Selection {
  readonly engine: Engine;
  readonly choice: EngineChoice;
}

/** In which order candidates are tried when they are not timed, each if its device is of this kind. */
const ORDER: readonly (Candidate & { readonly kind: 'cpu' | 'gpu' })[] = [
  { engine: 'tensorflow', provider: 'tfjs-node-gpu', kind: 'gpu' },
  { engine: 'onnx', provider: 'cuda', kind: 'gpu' },
  { engine: 'onnx', provider: 'cpu', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'tfjs-node', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'tfjs-node-gpu', kind: 'cpu' },
  { engine: 'tensorflow', provider: 'javascript', kind: 'cpu' },
];

/** How long a candidate may take to be timed. */
const TIMING_LIMIT_MS = 30_000;

/**
 * The engine to use in this process. Nothing is taken that has not run a real step here.
 * Throws when nothing of the preference works, with the reason of each.
 */
export async function select(
  preference: 'auto' | EngineName,
  options: SelectOptions = {},
): Promise<Selection> {
  const wanted = ({ engine }: Candidate) => preference === 'auto' || preference === engine;
  const found = options.sample
    ? await fastest(listCandidates().filter(wanted), options.sample, options)
    : await firstThatWorks(ORDER.filter(wanted), [], options);
  const { candidate, device } = found.result;
  Object.assign(process.env, found.result.env);
  const engine = await createCandidate(candidate);
  const asked = preference === 'auto' ? '' : `${preference} was asked for; `;
  return {
    engine,
    choice: {
      engine: candidate.engine,
      provider: candidate.provider,
      device: device.name,
      kind: device.kind,
      reason: asked + found.reason,
    },
  };
}

interface Found {
  readonly result: ProbeResult & { readonly device: Engine['device'] };
  readonly reason: string;
}

/** Takes the first of the order that works; `passed` are those that are out already. */
async function firstThatWorks(
  order: typeof ORDER,
  passed: readonly ProbeResult[],
  options: ProbeOptions,
): Promise<Found> {
  const out = [...passed];
  for (const { kind, ...candidate } of order) {
    const result = await probe(candidate, options);
    if (works(result) && result.device.kind === kind) {
      const why = out.filter(({ installed }) => installed).map(describe);
      return { result, reason: [`${nameOf(candidate)} works here`, ...why].join('; ') };
    }
    out.push(result);
  }
  const reasons = [...new Set(out.map(describe))];
  throw new Error(`no engine works here; ${reasons.join('; ')}`);
}

/**
 * Times the sample on each. tfjs's JavaScript is so slow that it is only taken when nothing else works; what gives
 * other numbers than ONNX Runtime on the CPU is not taken at all.
 */
async function fastest(
  candidates: readonly Candidate[],
  sample: StepSample,
  options: ProbeOptions,
): Promise<Found> {
  const results: ProbeResult[] = [];
  for (const candidate of candidates.filter(({ provider }) => provider !== 'javascript'))
    results.push(await probeNow(candidate, { limit: TIMING_LIMIT_MS, ...options }, sample));
  const timed = results.filter(isTimed);
  const judge = timed.find(({ candidate }) => nameOf(candidate) === 'onnx (cpu)')?.timing.outputs;
  const isRight = ({ timing }: Timed) => !judge || agree(judge, timing.outputs);
  const right = timed.filter(isRight).sort((a, b) => a.timing.milliseconds - b.timing.milliseconds);
  if (!right[0]) {
    const out = results.filter((result) => !works(result) && !result.late);
    const names = candidates
      .map(nameOf)
      .filter((name) => !out.some((o) => nameOf(o.candidate) === name));
    return firstThatWorks(
      ORDER.filter((one) => names.includes(nameOf(one))),
      out,
      options,
    );
  }
  const times = right.map(
    ({ candidate, timing }) =>
      `${nameOf(candidate)} ${timing.milliseconds.toPrecision(3)} ms a step`,
  );
  const wrong = timed.filter((one) => !isRight(one));
  const left = wrong.map(({ candidate }) => `${nameOf(candidate)} computes other numbers`);
  const reason = [`the fastest that works: ${times.join(', ')}`, ...left].join('; ');
  return { result: right[0], reason };
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
