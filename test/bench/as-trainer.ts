import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { trainerArguments, trainerEnvironment } from '../../main/service/trainer-process.ts';

const CHILD = 'MATRYOSHKA_BENCH';

/**
 * Says what machine this is and measures, in a process like a trainer's: Node's arguments and the allocator's settings
 * hold from its start.
 */
export async function asTrainer(measure: () => Promise<void>): Promise<void> {
  if (process.env[CHILD]) {
    const cpu = cpus()[0]?.model ?? 'CPU';
    console.log(`${cpu}, ${availableParallelism()} threads, Node ${process.version}`);
    return measure();
  }
  const env = { ...trainerEnvironment({}), [CHILD]: '1' };
  const args = [...trainerArguments, '--expose-gc', ...process.argv.slice(1)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}
