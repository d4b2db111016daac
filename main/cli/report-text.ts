import type { WriteStream } from 'node:tty';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { EpochResult, RunEvent, RunPlan } from '../../shared/api/events.ts';
import type { Report } from './report.ts';
import { count, duration, figure, line } from './words.ts';

const HEADS = ['epoch', 'loss', 'val_loss', 'samples/s', 'time'];
const WIDTHS = [5, 9, 9, 9, 8];

/** What a person reads: a row an epoch, and on a terminal a bar for the epoch that is under way. */
export function reportAsText(out: WriteStream): Report {
  let plan: RunPlan | null = null;
  let epochStart = 0;
  let head = false;
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
    print(`Engine: ${engine} (${provider}) on ${device}: ${reason}`);
  }

  function ended(epoch: EpochResult) {
    if (!head) print(line(HEADS, WIDTHS));
    head = true;
    epochStart = epoch.step;
    const rate = epoch.epoch === 0 ? '-' : count(epoch.samplesPerSecond);
    const cells = [figure(epoch.loss), figure(epoch.valLoss), rate, duration(epoch.seconds)];
    print(line([String(epoch.epoch), ...cells], WIDTHS));
  }

  function one(event: RunEvent) {
    switch (event.type) {
      case 'state':
        if (event.state === 'loading') bar.text('Reading the data');
        if (event.state === 'compiling') bar.text('Preparing the engine');
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
      case 'validation':
        bar.progress(event.done / event.total, 'validating');
        break;
      case 'epoch':
        ended(event);
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

function lastWords({ state, error, folder, lastStep }: RunSummary): string {
  if (state === 'finished') return `Done. The run is in ${folder}`;
  const saved = error?.saved ? ` (${error.saved})` : '';
  if (error) return `matryoshka: ${error.message}${saved}. The run is in ${folder}`;
  return `Stopped at step ${count(lastStep)}; the run is saved in ${folder}`;
}

/** A line that is written over on a terminal; elsewhere nothing. */
function createBar(out: WriteStream) {
  let shown = false;
  const text = (words: string) => {
    if (!out.isTTY) return;
    out.cursorTo(0);
    // A terminal that does not know its width says 0.
    out.write(words.slice(0, (out.columns || 80) - 1));
    out.clearLine(1);
    shown = true;
  };
  return {
    text,
    progress(share: number, words: string) {
      const width = 24;
      const full = Math.round(Math.min(1, Math.max(0, share)) * width);
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      text(`${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}  ${words}`);
    },
    clear() {
      if (!shown) return;
      out.cursorTo(0);
      out.clearLine(1);
      shown = false;
    },
  };
}
