import type { Command } from 'commander';
import type { EngineReport } from '../../shared/api/engines.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { ask } from '../service/studio.ts';
import { fail } from './exit.ts';
import { table } from './words.ts';

/** `engines`. */
export function addEngines(program: Command): Command {
  return program
    .command('engines')
    .description('Shows which engines are installed and really work on this machine.')
    .option('--json', 'print them as JSON')
    .action((flags: { json?: true }) => show(flags).catch(fail));
}

async function show({ json }: { json?: true }): Promise<void> {
  const engines = await ask(
    () => forkTrainer(),
    (trainer) => trainer.engines(),
  );
  process.stdout.write(json ? `${JSON.stringify(engines, null, 2)}\n` : `${inWords(engines)}\n`);
}

function inWords(engines: readonly EngineReport[]): string {
  const rows = engines.map(({ engine, provider, installed, works, device, kind }) => [
    `${engine} (${provider})`,
    installed ? 'yes' : 'no',
    works ? 'yes' : 'no',
    works ? deviceText(kind, device) : '-',
  ]);
  const reasons = engines.flatMap(({ engine, provider, works, reason }) =>
    works || !reason ? [] : [`${engine} (${provider}): ${reason}`],
  );
  const list = table(['engine', 'installed', 'works', 'device'], rows);
  return reasons.length > 0 ? `${list}\n\n${reasons.join('\n')}` : list;
}

/** The device with "CPU" or "GPU" said once. */
function deviceText(kind: EngineReport['kind'], device = ''): string {
  const prefix = kind === 'gpu' ? 'GPU' : 'CPU';
  return device.toUpperCase().includes(prefix) ? device : `${prefix}: ${device}`;
}
