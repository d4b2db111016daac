import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { encodeLegacyH5 } from '../../main/formats/keras/legacy-write.ts';
import { encodeKeras } from '../../main/formats/keras/write.ts';
import type { ReadModel } from '../../main/formats/model-file.ts';
import { readModelFile } from '../../main/formats/read.ts';
import { compileModel, initialValues } from '../../shared/program/step.ts';
import { createTally, type Logs } from '../../shared/program/tally.ts';
import type { GoldenTensor } from '../support/goldens.ts';
import { compare, compareLog, type Mismatch } from './mismatch.ts';
import type { Runner } from './runner.ts';
import { inputsOf, trainFeeds } from './training-case.ts';

/** What Keras saved, and what it then gave and learned. */
export interface FileCase {
  readonly inputs: GoldenTensor[];
  readonly outputs: GoldenTensor[];
  readonly next_batch: { x: GoldenTensor[]; y: GoldenTensor[] };
  readonly next_logs: Logs;
  readonly next_outputs: GoldenTensor[];
}

/**
 * Reads the files of a case, writes each again as `.keras` and as H5, and compares what all of them give, and how their
 * training goes on, with Keras. Throws what reading, writing or the runner throws.
 */
export async function checkFiles(
  golden: FileCase,
  json: string,
  runner: Runner,
): Promise<Mismatch[]> {
  const stem = join(dirname(json), basename(json, '.json'));
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-goldens-'));
  const mismatches: Mismatch[] = [];
  try {
    for (const file of [`${stem}.keras`, `${stem}.h5`].filter(existsSync)) {
      const read = await readModelFile(file);
      mismatches.push(...(await checkModel(golden, read, basename(file), runner)));
      for (const [extension, encode] of [
        ['.keras', encodeKeras],
        ['.h5', encodeLegacyH5],
      ] as const) {
        const again = join(folder, `again${extension}`);
        await writeFile(again, await encode(read));
        const what = `${basename(file)} as ${extension}`;
        mismatches.push(...(await checkModel(golden, await readModelFile(again), what, runner)));
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return mismatches;
}

async function checkModel(
  golden: FileCase,
  { spec, model, values, training }: ReadModel,
  what: string,
  runner: Runner,
): Promise<Mismatch[]> {
  const compiled = compileModel(spec, model, training!.settings);
  const session = await runner.open({
    ...initialValues(compiled, 0),
    ...values,
    ...training!.optimizer,
  });
  const step = training!.optimizer?.['optimizer/iteration']?.data[0] ?? 0;
  const predict = async (x: GoldenTensor[], expected: GoldenTensor[], when: string) => {
    const outputs = await session.run(compiled.predict, inputsOf(compiled, { x, y: [] }));
    return compiled.outputs.flatMap((name, i) =>
      compare(`${what}: output ${i} ${when}`, outputs[name], expected[i]!, 1e-5),
    );
  };
  const before = await predict(golden.inputs, golden.outputs, 'as saved');
  const tally = createTally(compiled.metrics);
  tally.add(await session.run(compiled.train, trainFeeds(compiled, golden.next_batch, step)), 1);
  const logs = tally.logs();
  // Without the optimizer's state, a step goes elsewhere.
  const after = training!.optimizer
    ? await predict(golden.inputs, golden.next_outputs, 'after a step')
    : [];
  await session.close();
  return [
    ...before,
    ...Object.entries(golden.next_logs).flatMap(([name, value]) =>
      compareLog(`${what}: ${name}`, logs[name], value, 0),
    ),
    ...after,
  ];
}
