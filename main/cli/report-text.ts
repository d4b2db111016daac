import type { WriteStream } from 'node:tty';
import type { RunSummary } from '../../shared/api/contract.ts';
import type {
  EpochResult,
  ImportState,
  Preparation,
  Resumption,
  RunEvent,
  RunPlan,
} from '../../shared/api/events.ts';
import { leftOutInWords } from '../../shared/data/run-data.ts';
import { createBar } from './bar.ts';
import type { Report } from './report.ts';
import { count, duration, figure, line } from './words.ts';

/** The row of an epoch: its heads, with a column for each metric of one number, and its cells. */
function epochRow({ epoch, loss, valLoss, logs = {}, samplesPerSecond, seconds }: EpochResult) {
  const names = Object.keys(logs).filter((name) => name.startsWith('val_'));
  const numbers = names.flatMap((name) => [name.slice('val_'.length), name]);
  const metrics = numbers.filter((name) => !Array.isArray(logs[name]));
  const rate = epoch === 0 ? '-' : count(samplesPerSecond);
  const columns: [string, string][] = [
    ['epoch', String(epoch)],
    ['loss', figure(loss)],
    ['val_loss', figure(valLoss)],
    ...metrics.map((name): [string, string] => [name, figure(logs[name] as number | undefined)]),
    ['samples/s', rate],
    ['time', duration(seconds)],
  ];
  const heads = columns.map(([head]) => head);
  const widths = heads.map((head, i) => (i === 0 ? head.length : Math.max(head.length, 9)));
  return { heads, widths, cells: columns.map(([, cell]) => cell) };
}

/** What a person reads: a row an epoch, and on a terminal a bar for the epoch that is under way. */
export function reportAsText(out: WriteStream): Report {
  let plan: RunPlan | null = null;
  let epochStart = 0;
  let headShown = false;
  const bar = createBar(out);
  const print = (text: string) => {
    bar.clear();
    out.write(`${text}\n`);
  };

  function started(event: RunPlan) {
    plan = event;
    const { engine, provider, device, reason } = event.engine;
    print(
      `${count(event.trainSamples)} samples, ${count(event.validationSamples)} for validation; ` +
        `${event.epochs} ${event.epochs === 1 ? 'epoch' : 'epochs'} of ${count(event.stepsPerEpoch)} steps, batch size ${event.batchSize}`,
    );
    if (event.data?.leftOut) print(leftOutInWords(event.data.leftOut));
    print(`Engine: ${engine} (${provider}) on ${device}: ${reason}`);
  }

  function ended(epoch: EpochResult) {
    const { heads, widths, cells } = epochRow(epoch);
    if (!headShown) print(line(heads, widths));
    headShown = true;
    epochStart = epoch.step;
    print(line(cells, widths));
  }

  function resumed({ step, epoch, passedOver = [] }: Resumption) {
    for (const { file, reason } of passedOver) print(`Passed over ${file}: ${reason}`);
    print(
      step === 0
        ? 'There is no checkpoint to go on from: the training begins anew'
        : `Goes on after step ${count(step)} (epoch ${Math.max(0, epoch)} is done)`,
    );
    epochStart = step;
  }

  function one(event: RunEvent) {
    switch (event.type) {
      case 'state':
        if (event.state === 'loading') bar.text('Reading the data');
        if (event.state === 'compiling') bar.text('Preparing the engine');
        break;
      case 'import':
        if (event.phase === 'decode')
          bar.progress(event.done / Math.max(1, event.total), decoding(event));
        break;
      case 'preparing':
        bar.progress(event.share, PREPARATION[event.part](event.of ?? ''));
        break;
      case 'plan':
        started(event);
        break;
      case 'steps': {
        const step = event.first + event.losses.length - 1;
        const label = `step ${count(step)}  loss ${figure(event.losses.at(-1))}`;
        if (plan) bar.progress((step - epochStart) / plan.stepsPerEpoch, label);
        break;
      }
      case 'adapting':
        bar.progress(event.done / event.total, 'adapting Normalization');
        break;
      case 'validation':
        bar.progress(event.done / event.total, 'validating');
        break;
      case 'epoch':
        ended(event);
        break;
      case 'resumed':
        resumed(event);
        break;
      default:
        break;
    }
  }

  return {
    events: (events) => events.forEach(one),
    note: print,
    end(summary) {
      bar.clear();
      (summary.state === 'failed' ? process.stderr : out).write(`${lastWords(summary)}\n`);
    },
    failed: () => bar.clear(),
  };
}

const PREPARATION: Readonly<Record<Preparation['part'], (of: string) => string>> = {
  differentiate: () => 'writing the training step',
  time: (of) => `trying ${of}`,
  lower: (of) => `writing the program ${of} for the engine`,
  optimize: (of) => `the engine optimizes the program ${of}`,
};

function decoding({ done, total, secondsLeft }: ImportState): string {
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `decoding the data: ${count(done)} of ${count(total)} samples${left}`;
}

function lastWords({ state, error, folder, lastStep }: RunSummary): string {
  if (state === 'finished') return `Done. The run is in ${folder}`;
  const place = /[^\w./:\\-]/.test(folder) ? JSON.stringify(folder) : folder;
  const further = lastStep > 0 ? `; matryoshka resume ${place} goes on with it` : '';
  const saved = error?.saved ? ` (${error.saved})` : '';
  if (error) return `matryoshka: ${error.message}${saved}. The run is in ${folder}${further}`;
  return `Stopped at step ${count(lastStep)}; the run is saved in ${folder}${further}`;
}
