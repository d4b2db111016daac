import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../shared/api/channel.ts';
import type { RunSummary, Snapshot, StudioService } from '../../shared/api/contract.ts';
import { withUsage, type RunUsage } from '../../shared/api/engines.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { serveStudio } from '../../shared/api/rpc.ts';
import { withData } from '../../shared/data/settings.ts';
import { parseModelSpec } from '../../shared/keras/spec.ts';
import { imageFile } from '../trainer/contract.ts';
import { ask } from './ask.ts';
import { createDatasets } from './datasets.ts';
import { readEvents } from './event-log.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { createFeed, type Feed } from './feed.ts';
import { createModels } from './models.ts';
import { openDataset } from './open-dataset.ts';
import { version } from './places.ts';
import { createPreviews } from './previews.ts';
import { createRateSearch } from './rate-search.ts';
import { createModelsIn } from './open-model.ts';
import { withPlaces } from './project-places.ts';
import { openProject, saveProject } from './project.ts';
import { eventsFile } from './run-record.ts';
import { createRunLibrary } from './run-library.ts';
import { createRuns } from './runs.ts';
import { createSurvey } from './survey.ts';
import type { StartTrainer } from './trainer-process.ts';
import { trustHooks } from './trusted-hooks.ts';
import type { UploadLimits, Uploads } from './uploads.ts';

export interface StudioOptions {
  /** The project's folder; it becomes a project when it is none. */
  readonly folder: string;
  readonly host: Snapshot['host'];
  readonly startTrainer: StartTrainer;
  /** The desktop's own dialog, which asks for a folder or for files. */
  readonly pick?: (folder: boolean) => Promise<string[]>;
  readonly uploadLimits?: UploadLimits;
}

/** The studio of one project, for any number of windows. */
export interface Studio {
  readonly service: StudioService;
  /** Serves a window until its channel closes. */
  connect(channel: Channel): void;
  /** Takes in the contents of the files that a window was asked for: see Uploads. */
  readonly receiveUpload: Uploads['receive'];
  /** What a window was given a ticket for: see Downloads. */
  readonly findDownload: Downloads['find'];
  /** The runs that are under way here. */
  activeRuns(): RunSummary[];
  /** Stops what is under way, each run after saving a checkpoint. Resolves when all have ended. */
  close(): Promise<void>;
}

/** Opens a project. Throws a StudioError when its `project.json` can't be read. */
export async function openStudio(options: StudioOptions): Promise<Studio> {
  const { folder, host, startTrainer } = options;
  await openProject(folder);
  const feeds = new Set<Feed>();
  let usage: RunUsage | null = null;
  const runChanged = (id: string, summary: RunSummary | null) =>
    feeds.forEach((feed) => feed.changed(id, summary));
  const runs = createRuns(join(folder, 'runs'), startTrainer, {
    events: (id, events) => feeds.forEach((feed) => feed.events(id, events)),
    changed: (id, summary) => runChanged(id, summary && library.labelled(summary)),
    usage(id, now) {
      usage = withUsage(usage, id, now);
      feeds.forEach((feed) => feed.deviceUsage(id, now));
    },
  });
  const datasets = await createDatasets({
    folder,
    chosen: async () => (await openProject(folder)).training.data,
    async open(data, job) {
      const project = await openProject(folder);
      return openDataset(withData(project.training, data), project, job);
    },
    pick: options.pick,
    uploadLimits: options.uploadLimits,
    listener: {
      importChanged: (data) => feeds.forEach((feed) => feed.importChanged(data)),
      datasetsChanged: (list) => feeds.forEach((feed) => feed.datasetsChanged(list)),
    },
  });
  const survey = createSurvey(startTrainer, (progress) =>
    feeds.forEach((feed) => feed.enginesTried(progress)),
  );

  const previews = createPreviews(startTrainer);
  const { close: endRates, ...rates } = createRateSearch(startTrainer, async (query) => ({
    ...query,
    model: (await openProject(folder)).model,
    settings: withPlaces(folder, query.settings),
  }));
  const downloads = createDownloads();
  const library = await createRunLibrary({ project: folder, runs, downloads }, runChanged);
  const modelsIn = createModelsIn({ folder, runs, startTrainer });

  /** Saves come one after the other; every window hears of them but the one that changed something. */
  let saving: Promise<unknown> = Promise.resolve();
  function save(changed: Parameters<StudioService['saveProject']>[0], by: Feed | null) {
    const saved = saving.then(async () => {
      const model = parseModelSpec(changed.model);
      const { training } = await openProject(folder);
      await trustHooks(changed.training.callbacks, training.callbacks);
      const revision = await saveProject(folder, { ...changed, model });
      const project = await openProject(folder);
      for (const feed of feeds) if (feed !== by) feed.projectChanged(project);
      return revision;
    });
    saving = saved.catch(() => {});
    return saved;
  }

  const service: StudioService = {
    ...datasets.service,
    ...rates,
    ...survey,
    ...library.service,
    ...createModels({ folder, runs, downloads, startTrainer }),
    ...modelsIn.service,
    async snapshot() {
      const project = await openProject(folder);
      return {
        version,
        host,
        project,
        runs: await library.list(),
        datasets: await datasets.service.datasets(),
        imports: datasets.imports(),
        usage: runs.active().some(({ id }) => id === usage?.run) ? usage : null,
      };
    },
    saveProject: (changed) => save(changed, null),
    async startRun(settings) {
      const { model } = await openProject(folder);
      return runs.start(model, withPlaces(folder, settings));
    },
    stopRun: ({ id, discard }) => runs.stop(id, discard),
    pauseRun: ({ id }) => runs.pause(id),
    proceedRun: ({ id }) => runs.proceed(id),
    checkpointRun: ({ id }) => runs.checkpoint(id),
    resumeRun: ({ id, epochs }) => runs.resume(id, epochs ?? undefined),
    runModel: ({ id }) => runs.model(id),
    setTrainable: ({ id, path, trainable }) => runs.setTrainable(id, { path, trainable }),
    runEvents: async ({ id, after, most }) => readEvents(eventsFile(runs.folder(id)), after, most),
    async runImages({ id, picture }) {
      const file = join(runs.folder(id), imageFile(picture));
      return readFile(file).then(
        (bytes) => new Uint8Array(bytes),
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          const what =
            typeof picture === 'number' ? `images of step ${picture}` : `${picture} images`;
          throw new StudioError('NO_SUCH_IMAGES', `run ${id} has stored no ${what}`);
        },
      );
    },
    async estimateMemory({ settings }) {
      const { model } = await openProject(folder);
      return ask(startTrainer, (trainer) => trainer.memory({ model, settings }));
    },
    async prove({ model }) {
      const project = await openProject(folder);
      const settings = { ...project.training, model };
      return ask(startTrainer, (trainer) => trainer.prove({ model: project.model, settings }));
    },
    async previewData(job) {
      const { model } = await openProject(folder);
      return previews.preview({ ...job, model });
    },
  };

  return {
    service,
    connect(channel) {
      const own: StudioService = { ...service, saveProject: (changed) => save(changed, feed) };
      const feed: Feed = createFeed(serveStudio(channel, own));
      feeds.add(feed);
      channel.onClose(() => feeds.delete(feed));
    },
    async receiveUpload(...delivery) {
      for (const { receive } of [modelsIn, library]) if (await receive(...delivery)) return;
      await datasets.receive(...delivery);
    },
    findDownload: downloads.find,
    activeRuns: runs.active,
    async close() {
      await Promise.all([datasets.close(), previews.close(), endRates(), downloads.close()]);
      await Promise.all(runs.active().map(({ id }) => runs.stop(id, false)));
      runs.close();
    },
  };
}
