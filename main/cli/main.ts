#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '../service/places.ts';
import { addConvert } from './convert.ts';
import { addCompare } from './compare.ts';
import { addData } from './data.ts';
import { addEngines } from './engines.ts';
import { addExport } from './export.ts';
import { fail, USAGE } from './exit.ts';
import { addLrFind } from './lr-find.ts';
import { addPredict } from './predict.ts';
import { addProve } from './prove.ts';
import { addRerun } from './rerun.ts';
import { addResume } from './resume.ts';
import { addRuns } from './runs.ts';
import { addServe } from './serve.ts';
import { addSummary } from './summary.ts';
import { addTrain } from './train.ts';

/** The command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
const program = new Command('matryoshka')
  .description('Trains models made of models.')
  .version(version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE))
  .configureHelp({ showGlobalOptions: true });

for (const add of [
  addTrain,
  addResume,
  addRerun,
  addLrFind,
  addData,
  addSummary,
  addProve,
  addEngines,
  addExport,
  addConvert,
  addPredict,
  addRuns,
  addCompare,
  addServe,
])
  add(program).exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
});

await program.parseAsync().catch(fail);
