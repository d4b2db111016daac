// A service in a process of its own, for tests that end it: starts a run and tells its number of steps on stdout.
import { createRuns } from '../../../main/service/runs.ts';
import { forkTrainer } from '../../../main/service/fork-trainer.ts';
import { findProject } from '../../../main/service/project.ts';

const [folder, trainer, query] = process.argv.slice(2) as [string, string, string];
const { model, training } = await findProject('autoencoder');
const runs = createRuns(folder, () => forkTrainer(trainer), {
  events: (_, events) => {
    for (const event of events) if (event.type === 'steps') console.log(event.first);
  },
  changed: () => {},
});
await runs.start(model, { ...training, data: query, epochs: 1000 });
