import { availableParallelism, cpus } from 'node:os';
import { timeSteps } from './engine-steps.ts';
import { timeStarts } from './startup.ts';
import { markdownTable } from './stats.ts';
import { timeStreaming } from './streaming.ts';

/** `npm run bench`: prints what RESULTS.md keeps. Ratios count; the times are this machine's at this moment. */
const wanted = process.argv.slice(2);
const wants = (name: string) => wanted.length === 0 || wanted.includes(name);
const ms = (value: number) => value.toFixed(1);

console.log(
  `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} threads, Node ${process.version}\n`,
);

if (wants('steps')) {
  const times = await timeSteps([16, 128, 512]);
  const rows = times.map(({ batch, onnx, torch }) => {
    const best = Math.min(...Object.values(torch));
    const peers = [1, 2].map((threads) => (torch[threads] ? ms(torch[threads]) : '-'));
    const rate = Math.round((batch / onnx) * 1000).toLocaleString('en');
    return [
      String(batch),
      ms(onnx),
      rate,
      ...peers,
      Number.isFinite(best) ? `${(best / onnx).toFixed(2)}x` : '-',
    ];
  });
  console.log("The seed's training step, ms (median)\n");
  console.log(
    markdownTable(
      ['batch', 'onnx', 'samples/s', 'PyTorch, 1 thread', '2 threads', 'onnx is'],
      rows,
    ),
  );
  if (times.some(({ torch }) => Object.keys(torch).length === 0))
    console.log(
      '\nSKIPPED PyTorch: no Python with torch was found (Debian: python3-torch and libopenblas0-pthread).',
    );
}

if (wants('start')) {
  const { serve, firstStep } = await timeStarts();
  console.log('\nStart-up, s (median of 3)\n');
  console.log(
    markdownTable(
      ['what', 's'],
      [
        ['the studio, until its address is printed', serve.toFixed(2)],
        ['train, until the first step is told', firstStep.toFixed(2)],
      ],
    ),
  );
}

if (wants('streaming')) {
  const { bare, studio, overhead } = await timeStreaming();
  console.log(
    '\nThe cost of the studio: a run that a window watches beside the bare engine loop, batch 128\n',
  );
  console.log(
    markdownTable(
      ['bare, ms a step', 'in the studio', 'overhead'],
      [[ms(bare), ms(studio), `${(overhead * 100).toFixed(1)} %`]],
    ),
  );
}
