import type { EngineChoice } from '../../shared/api/events.ts';
import { createCandidate, listCandidates, type Candidate } from './candidates.ts';
import type { Engine, EngineName } from './engine.ts';
import { probe, probeNow, type ProbeOptions, type ProbeResult } from './probe.ts';
import type { StepSample } from './probe-step.ts';

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
    : await firstThatWorks(ORDER.filter(wanted), options);
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

async function firstThatWorks(order: typeof ORDER, options: ProbeOptions): Promise<Found> {
  const passed: ProbeResult[] = [];
  for (const { kind, ...candidate } of order) {
    const result = await probe(candidate, options);
    if (works(result) && result.device.kind === kind) {
      const better = passed.filter(({ installed }) => installed).map(describe);
      return { result, reason: [`${nameOf(candidate)} works here`, ...better].join('; ') };
    }
    passed.push(result);
  }
  throw nothingWorks(passed);
}

/** Times the sample on each. tfjs's JavaScript is so slow that it is only tried when nothing else works. */
async function fastest(
  candidates: readonly Candidate[],
  sample: StepSample,
  options: ProbeOptions,
): Promise<Found> {
  const last = candidates.filter(({ provider }) => provider === 'javascript');
  const results: ProbeResult[] = [];
  for (const candidate of candidates.filter((one) => !last.includes(one)))
    results.push(await probeNow(candidate, { limit: TIMING_LIMIT_MS, ...options }, sample));
  const timed = results
    .filter(works)
    .filter(({ milliseconds }) => milliseconds !== undefined)
    .sort((a, b) => a.milliseconds! - b.milliseconds!);
  const [result, ...others] = timed;
  if (!result)
    return firstThatWorks(
      ORDER.filter((one) => candidates.some((c) => same(c, one))),
      options,
    );
  const times = timed.map(
    ({ candidate, milliseconds }) =>
      `${nameOf(candidate)} ${milliseconds!.toPrecision(3)} ms a step`,
  );
  const reason =
    others.length > 0 ? `the fastest: ${times.join(', ')}` : `the only one that works: ${times[0]}`;
  return { result, reason };
}

function works(result: ProbeResult): result is Found['result'] {
  return result.device !== undefined;
}

function same(a: Candidate, b: Candidate): boolean {
  return a.engine === b.engine && a.provider === b.provider;
}

function nameOf({ engine, provider }: Candidate): string {
  return `${engine} (${provider})`;
}

function describe({ candidate, device, reason }: ProbeResult): string {
  return `${nameOf(candidate)}: ${reason ?? `it computes on ${device?.name ?? 'nothing'}`}`;
}

function nothingWorks(results: readonly ProbeResult[]): Error {
  return new Error(`no engine works here; ${[...new Set(results.map(describe))].join('; ')}`);
}
