import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from '../support/open-engine.ts';
import { checkFiles, type FileCase } from './file-case.ts';
import { checkLayer, type LayerCase } from './layer-case.ts';
import { engineRunner, type Runner } from './runner.ts';
import { keras2Text, summaryText } from './summary-case.ts';
import { checkTraining, type TrainingCase } from './training-case.ts';

const USAGE =
  'Usage: npm run goldens -- [DIR] [--engine tensorflow[:PROVIDER]|onnx[:PROVIDER]] [--tolerance NUMBER]';

/**
 * `npm run goldens`: runs every golden case below a folder, on both engines unless one is named. Ends with 1 when a case
 * fails or an engine does not work here.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string' },
    tolerance: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
/** What difference passes at least, whatever a case asks for: GPUs add in other orders. */
const least = Number(values.tolerance ?? 0);
const folder = resolve(positionals[0] ?? 'test/goldens');
if (
  values.help ||
  positionals.length > 1 ||
  !/^((tensorflow|onnx)(:[\w-]+)?)?$/.test(values.engine ?? '') ||
  !(least >= 0)
) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (!existsSync(folder)) {
  console.error(`there is no folder ${folder}`);
  process.exit(2);
}

const counts = { passed: 0, failed: 0 };
const [engine, provider] = values.engine?.split(':') ?? [];
const names = (['onnx', 'tensorflow'] as const).filter(
  (name) => engine === undefined || engine === name,
);
const runners: Runner[] = [];
for (const name of names)
  try {
    runners.push(engineRunner(await openEngine(name, provider)));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
if (runners.length > 0) await checkAll();

async function checkAll(): Promise<void> {
  const files = filesBelow(folder);
  for (const file of files.filter((file) => file.endsWith('.txt'))) {
    const problem = checkSummary(file);
    if (problem === null) counts.passed += 1;
    else fail(file, problem);
  }
  for (const runner of runners) {
    for (const file of files.filter((file) => file.endsWith('.json'))) await check(file, runner);
    await runner.close();
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** Runs what a JSON file holds: a layer, a training or what saved models give. Others belong to summaries, or are no case. */
async function check(file: string, runner: Runner): Promise<void> {
  const golden = JSON.parse(readFileSync(file, 'utf8')) as Partial<
    LayerCase & TrainingCase & FileCase
  >;
  const isFile = golden.next_batch !== undefined;
  const isLayer = golden.layer !== undefined && golden.cotangents !== undefined;
  const isTraining = golden.batches !== undefined && golden.weights_before !== undefined;
  if (!isLayer && !isFile && !isTraining) return;
  const where = `${file} (${runner.name})`;
  try {
    const wrong = isLayer
      ? await checkLayer(golden as LayerCase, runner)
      : isFile
        ? await checkFiles(golden as FileCase, file, runner)
        : await checkTraining(golden as TrainingCase, runner);
    const [worst] = wrong.sort((a, b) => b.difference / b.tolerance - a.difference / a.tolerance);
    if (!worst || worst.difference <= least) counts.passed += 1;
    else
      fail(
        where,
        `${worst.what} is off by ${worst.difference.toExponential(2)}, allowed ${worst.tolerance.toExponential(2)}`,
      );
  } catch (error) {
    fail(where, (error as Error).message);
  }
}

function checkSummary(file: string): string | null {
  const expected = readFileSync(file, 'utf8');
  const config = (stem: string): unknown => {
    const model = join(dirname(file), `${stem}.model.json`);
    return existsSync(model) ? JSON.parse(readFileSync(model, 'utf8')) : null;
  };
  const stem = basename(file).replace(/(-expanded)?(-trainable)?\.txt$/, '');
  try {
    if (stem === 'keras2-style') {
      const models = ['a-encoder', 'a-decoder', 'a-autoencoder'].map(config);
      return expected.startsWith(keras2Text(models)) ? null : 'the text differs';
    }
    const model = config(stem === 'b-compiled-trained' ? 'b-siamese' : stem);
    if (model === null) return null;
    return summaryText(basename(file), model) === expected ? null : 'the text differs';
  } catch (error) {
    return (error as Error).message;
  }
}

function fail(what: string, problem: string): void {
  counts.failed += 1;
  console.log(`FAILED ${what}: ${problem}`);
}

function filesBelow(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((file) => join(place, file))
    .sort();
}
