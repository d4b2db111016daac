import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import {
  exportFormats,
  formatFacts,
  type ExportFormat,
  type ExportPlan,
} from '../../shared/api/exports.ts';
import type { ExportPlans, ModelChoice, ModelService } from '../../shared/api/models.ts';
import { modelAt } from '../../shared/keras/model-path.ts';
import { planExport } from '../formats/exporters.ts';
import { factsOf } from '../formats/run-facts.ts';
import type { KnownModel } from '../trainer/contract.ts';
import { ask } from './ask.ts';
import type { Downloads } from './downloads.ts';
import { modelOfRun } from './model-source.ts';
import { withPlaces } from './project-places.ts';
import { openProject } from './project.ts';
import type { Runs } from './runs.ts';
import type { StartTrainer } from './trainer-process.ts';

interface Options {
  /** The project's. */
  readonly folder: string;
  readonly runs: Pick<Runs, 'folder'>;
  readonly downloads: Downloads;
  readonly startTrainer: StartTrainer;
}

/** Takes models out of a project: each in a process of its own, so that the studio never waits. */
export function createModels({
  folder,
  runs,
  downloads,
  startTrainer,
}: Options): Pick<ModelService, 'planExports' | 'exportModel' | 'downloadExport'> {
  /** Where what was written lies, by the id that was told. */
  const written = new Map<string, string>();

  async function sourceOf(run: ModelChoice['run']): Promise<KnownModel> {
    if (run !== null) return modelOfRun(runs.folder(run));
    const { model: spec, training } = await openProject(folder);
    return { spec, main: training.model, weights: withPlaces(folder, training) };
  }

  return {
    async planExports({ run, path: name, options }) {
      const { spec, run: known } = await sourceOf(run);
      const { path } = modelAt(spec, name);
      const source = { spec, path, ...(known && { training: factsOf(known) }) };
      const plan = (format: ExportFormat): ExportPlan => {
        try {
          return planExport(format, source, options);
        } catch (error) {
          return { refusals: [(error as Error).message], notes: [] };
        }
      };
      const plans = exportFormats.map((format) => [format, plan(format)]);
      return Object.fromEntries(plans) as ExportPlans;
    },
    async exportModel({ run, path, format, options, target }) {
      const source = await sourceOf(run);
      const place = resolve(folder, target);
      const job = { source, name: path, format, options, target: place };
      const result = await ask(startTrainer, (trainer) => trainer.exportModel(job));
      const id = randomUUID();
      const [first] = result.files;
      const single = formatFacts[format].extension !== null;
      written.set(id, single ? join(result.folder, first!.name) : place);
      return { id, ...result };
    },
    async downloadExport({ id }) {
      const place = written.get(id);
      if (place === undefined)
        throw new StudioError('NO_SUCH_EXPORT', 'this was written before the studio was opened');
      const { ticket, name } = await downloads.offer(place);
      return { url: `/download/${ticket}`, name };
    },
  };
}
