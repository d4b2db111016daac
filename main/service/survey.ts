import type { EngineProgress, EngineReport, EngineService } from '../../shared/api/engines.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { ask } from './ask.ts';
import { templateProject } from './templates.ts';
import type { StartTrainer } from './trainer-process.ts';

/** The template whose training is timed. */
const SEED = 'autoencoder';
/** Samples in a step of it. */
const BATCH = 128;

/**
 * Tries every engine of this machine in processes of their own; with `benchmark` each that works also trains the seed
 * in batches of 128. Rejects with the code `SURVEY_ENDED` when `end` is aborted.
 */
export async function surveyEngines(
  startTrainer: StartTrainer,
  benchmark: boolean,
  tell: (progress: EngineProgress) => void,
  end?: AbortSignal,
): Promise<EngineReport[]> {
  const { model, training } = templateProject(SEED);
  const seed = { model, settings: { ...training, batch_size: BATCH } };
  try {
    return await ask(
      startTrainer,
      (trainer) => trainer.engines(benchmark ? seed : null),
      { enginesTried: tell },
      end,
    );
  } catch (error) {
    if (end?.aborted) throw new StudioError('SURVEY_ENDED', 'the survey of the engines was ended');
    throw error;
  }
}

/** Surveys for any number of windows: one at a time, and who asks during one shares it where it answers the question. */
export function createSurvey(
  startTrainer: StartTrainer,
  tell: (progress: EngineProgress) => void,
): EngineService {
  let running: {
    readonly benchmark: boolean;
    readonly reports: Promise<EngineReport[]>;
    readonly end: AbortController;
  } | null = null;
  return {
    async engines({ benchmark }) {
      while (running && benchmark && !running.benchmark) await running.reports.catch(() => {});
      if (!running) {
        const end = new AbortController();
        const reports = surveyEngines(startTrainer, benchmark, tell, end.signal);
        running = { benchmark, reports: reports.finally(() => (running = null)), end };
      }
      return running.reports;
    },
    async endEngines() {
      running?.end.abort();
    },
    forgetChoices: () => ask(startTrainer, (trainer) => trainer.forgetChoices()),
  };
}
