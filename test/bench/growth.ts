import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { exponent, markdownTable, times as ratio } from './stats.ts';
import { inTurns } from './turns.ts';
import { findTorch, openTorch } from './torch-peer.ts';

const BATCHES = [32, 64, 128, 256, 512];
/** Widths of perceptrons of 1e4, 1e5, 1e6 and 1e7 parameters. */
const WIDTHS = [100, 316, 1000, 3160];
const BATCH = 32;

/** Prints how the cost of a step grows with the samples in it, and with the parameters, here and in PyTorch. */
export async function benchGrowth(): Promise<void> {
  console.log('\nHow the cost of a training step grows, ms (PyTorch with 2 threads)\n');
  const bySamples = await measure(BATCHES.map((batch) => ({ at: batch, batch, name: 'seed' })));
  print('the seed, samples a step', bySamples);
  console.log();
  const byParameters = await measure(
    WIDTHS.map((width) => ({
      at: width * (width + 1) + 10 * (width + 1),
      batch: BATCH,
      name: `mlp:${width}`,
    })),
  );
  print(`a perceptron, batch ${BATCH}, parameters`, byParameters);
}

interface Case {
  /** What grows. */
  readonly at: number;
  readonly batch: number;
  readonly name: string;
}

interface Point {
  readonly at: number;
  readonly onnx: number;
  readonly torch: number | undefined;
}

async function measure(cases: readonly Case[]): Promise<Point[]> {
  const python = findTorch();
  const points: Point[] = [];
  for (const { at, batch, name } of cases) {
    const engine = await createOnnxEngine();
    const loop = await openLoop(peerModel(name), engine);
    const torch = python ? await openTorch(python, 2) : null;
    const [onnx, other] = await inTurns([
      (count) => loop.steps(count, batch),
      ...(torch ? [(count: number) => torch.steps(name, batch, count)] : []),
    ]);
    points.push({ at, onnx: onnx!, torch: other });
    torch?.close();
    await loop.close();
    await engine.dispose();
  }
  return points;
}

/** A row a point, and the power of what grows with which the cost grows, from the first point to the last. */
function print(what: string, points: readonly Point[]): void {
  const rows = points.map(({ at, onnx, torch }) => [
    at.toLocaleString('en'),
    onnx.toFixed(2),
    torch?.toFixed(2) ?? '-',
    torch ? ratio(torch / onnx) : '-',
  ]);
  const power = (of: (point: Point) => number | undefined) => {
    const known = points.flatMap((point) => {
      const ms = of(point);
      return ms === undefined ? [] : [[point.at, ms] as const];
    });
    return known.length > 1 ? exponent(known).toFixed(2) : '-';
  };
  rows.push(['grows with the power', power(({ onnx }) => onnx), power(({ torch }) => torch), '']);
  console.log(markdownTable([what, 'onnx', 'PyTorch', 'onnx is'], rows));
}
