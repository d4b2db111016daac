import type { Command } from 'commander';
import type { Proof } from '../../shared/api/contract.ts';
import { ask } from '../service/ask.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findProject } from '../service/project.ts';
import { fail } from './exit.ts';
import { modelNamed } from './project.ts';

/** `prove <project|template>`. */
export function addProve(program: Command): Command {
  return program
    .command('prove')
    .description('Proves that submodels and the model made of them are the same variables.')
    .argument('<project|template>', 'a folder with project.json, or the name of a template')
    .option('--model <name>', "which of the project's models (default: the one it trains)")
    .option('--json', 'print the proof as JSON')
    .action((source: string, flags: { model?: string; json?: true }) =>
      run(source, flags).catch(fail),
    );
}

async function run(source: string, flags: { model?: string; json?: true }): Promise<void> {
  const { model, training } = await findProject(source);
  const chosen = flags.model === undefined ? training.model : modelNamed(model, flags.model);
  const settings = { ...training, model: chosen };
  const proof = await ask(
    () => forkTrainer(),
    (trainer) => trainer.prove({ model, settings }),
  );
  process.stdout.write(flags.json ? `${JSON.stringify(proof, null, 2)}\n` : inWords(proof));
  process.exitCode = proof.holds ? 0 : 1;
}

function inWords({ model, holds, engine, claims }: Proof): string {
  const mark = (right: boolean) => (right ? '✓' : '✗');
  const lines = claims.flatMap((claim) => [
    '',
    `${mark(claim.holds)} ${claim.text}`,
    ...claim.details.map(
      (detail) =>
        `    ${mark(detail.holds)} ${detail.subject}: ${detail.received}${detail.holds ? '' : ` (expected ${detail.expected})`}`,
    ),
  ]);
  const verdict = holds ? 'holds' : 'does not hold';
  return [
    `Can a model be treated as a layer and be called? For ${model} it ${verdict} (${engine.engine}, ${engine.device}).`,
    ...lines,
    '',
  ].join('\n');
}
