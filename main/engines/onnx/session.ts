import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ort from 'onnxruntime-node';
import { keyOf, type ContentCache } from '../content-cache.ts';

/** What the engine uses of ONNX Runtime. */
export type OnnxRuntime = Pick<
  typeof ort,
  'InferenceSession' | 'Tensor' | 'listSupportedBackends' | 'env'
>;

export type SessionOptions = ort.InferenceSession.SessionOptions;

/** From so many operators on, reading what was optimized before is worth the file: it saves tenths of a second. */
const WORTH_KEEPING = 1000;

/** A graph as bytes, with the number of its operators. */
export interface EncodedModel {
  readonly bytes: Uint8Array;
  readonly nodes: number;
}

/**
 * A session on the CPU. Large graphs are kept in the cache as ONNX Runtime optimized them, by their content, its
 * version and the processor; what is there already is only loaded.
 */
export async function createCachedSession(
  runtime: OnnxRuntime,
  { bytes, nodes }: EncodedModel,
  options: SessionOptions,
  cache: ContentCache | null,
): Promise<ort.InferenceSession> {
  const { InferenceSession, env } = runtime;
  if (!cache || nodes < WORTH_KEEPING) return InferenceSession.create(bytes, options);
  const key = keyOf(bytes, String(env.versions.node), process.arch, processor());
  const known = await cache.read(key);
  if (known)
    try {
      return await InferenceSession.create(known, {
        ...options,
        graphOptimizationLevel: 'disabled',
      });
    } catch {
      await cache.remove(key);
    }
  return createAndKeep(runtime, bytes, options, (optimized) => cache.write(key, optimized));
}

async function createAndKeep(
  { InferenceSession }: OnnxRuntime,
  bytes: Uint8Array,
  options: SessionOptions,
  keep: (optimized: Uint8Array) => Promise<void>,
): Promise<ort.InferenceSession> {
  const file = join(tmpdir(), `matryoshka-${randomUUID()}.ort`);
  const saving = {
    ...options,
    optimizedModelFilePath: file,
    extra: { session: { ...(options.extra?.['session'] as object), save_model_format: 'ORT' } },
  };
  try {
    const session = await InferenceSession.create(bytes, saving).catch(() => null);
    // Where it can't be written, or not in this form, it is made without.
    if (!session) return await InferenceSession.create(bytes, options);
    const optimized = await readFile(file).catch(() => null);
    if (optimized) await keep(optimized);
    return session;
  } finally {
    await rm(file, { force: true });
  }
}

/** What a processor can do, which decides how ONNX Runtime optimizes. */
function processor(): string {
  const model = cpus()[0]?.model ?? '';
  if (process.platform !== 'linux') return model;
  const features = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'));
  return `${model} ${features?.[1] ?? ''}`;
}
