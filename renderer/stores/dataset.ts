import {
  computed,
  inject,
  shallowRef,
  watch,
  type ComputedRef,
  type InjectionKey,
  type ShallowRef,
} from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { DataImport, DataReport, DatasetEntry } from '../../shared/api/data.ts';
import { modelPorts, type ModelPorts } from '../../shared/data/ports.ts';
import { importPart, type Preprocessing } from '../../shared/data/preprocessing.ts';
import { shapeData, type Shaping } from '../../shared/data/resolve.ts';
import type { DataSettings } from '../../shared/data/settings.ts';
import { fittingTask, tasksThatFit } from '../../shared/data/task.ts';
import type { Task } from '../../shared/data/mapping.ts';
import { SpecError } from '../../shared/keras/spec.ts';
import type { Incoming } from './data-incoming.ts';
import type { Project } from './project.ts';
import type { Studio } from './studio.ts';

/** The dataset that the project trains on, as this window looks at it. */
export interface ProjectDataset {
  /** As `training.data` names it. */
  readonly data: ComputedRef<string>;
  readonly entry: ComputedRef<DatasetEntry | null>;
  /** Its import, while it is under way or failed. */
  readonly importing: ComputedRef<DataImport | null>;
  /** Null until it is open. */
  readonly report: Readonly<ShallowRef<DataReport | null>>;
  /** Why it can't be looked at. */
  readonly problem: Readonly<ShallowRef<string | null>>;
  /** What the model takes; null where the model has a problem, which `modelProblem` says. */
  readonly ports: ComputedRef<ModelPorts | null>;
  readonly modelProblem: ComputedRef<string | null>;
  /** How the data meet the model; null before there are both. */
  readonly shaping: ComputedRef<Shaping | null>;
  readonly fittingTasks: ComputedRef<readonly Task[]>;
  /** Changes the settings of the data, as a step that can be undone. */
  set(change: Partial<DataSettings>): void;
  /** Makes another dataset the project's. */
  choose(data: string): void;
  /** Looks at the dataset: opens it where that costs no download, and finds out whether it has changed. */
  look(): void;
  /** Imports it anew. */
  open(): void;
}

/** Pause, in ms, before a change of what is decoded is acted on: there may be more to come. */
const PAUSE = 500;

/** Follows the project's dataset. Imports that this window began become the project's when they are done. */
export function createProjectDataset(
  studio: Studio,
  project: Project,
  incoming: Incoming,
): ProjectDataset {
  const report = shallowRef<DataReport | null>(null);
  const problem = shallowRef<string | null>(null);
  /** The import that opens the project's dataset, with the dataset's name. */
  const opening = shallowRef<{ readonly id: string; readonly data: string } | null>(null);
  const failed = shallowRef<DataImport | null>(null);
  /** The dataset whose import is being asked for. */
  let asking: string | null = null;
  const data = computed(() => project.training.value?.data ?? '');
  const entry = computed(
    () => studio.datasets.value.find((one) => one.data === data.value) ?? null,
  );

  const model = computed((): { ports: ModelPorts | null; problem: string | null } => {
    const [spec, training] = [project.spec.value, project.training.value];
    if (!spec || !training) return { ports: null, problem: null };
    try {
      return { ports: modelPorts(spec, training.model, training), problem: null };
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      return { ports: null, problem: error.message };
    }
  });
  const shaping = computed(() => {
    const [ports, training] = [model.value.ports, project.training.value];
    if (!ports || !training || !report.value) return null;
    return shapeData(ports, report.value.columns, report.value.suggested, training);
  });
  const fittingTasks = computed(() => {
    const [ports, training] = [model.value.ports, project.training.value];
    if (!ports || !training || !report.value) return [];
    return tasksThatFit(ports, report.value.columns, report.value.suggested, training);
  });

  async function read(): Promise<void> {
    const wanted = data.value;
    try {
      const found = await studio.service.dataReport({ data: wanted });
      if (data.value === wanted) report.value = found;
    } catch (error) {
      if (data.value === wanted) problem.value = messageOf(error);
    }
  }

  async function open(): Promise<void> {
    const wanted = data.value;
    problem.value = null;
    failed.value = null;
    // The import that is under way gives its place to this one.
    opening.value = null;
    asking = wanted;
    try {
      await project.save();
      const origin = entry.value?.builtIn ? { builtIn: wanted } : { paths: [wanted] };
      const id = await studio.service.importData(origin);
      opening.value = { id, data: wanted };
    } catch (error) {
      if (data.value === wanted) problem.value = messageOf(error);
    } finally {
      asking = null;
    }
  }

  function look(): void {
    const state = entry.value?.state;
    if (studio.connection.value !== 'open' || !entry.value) return;
    if (report.value?.data === data.value) {
      studio.service.checkData({ data: data.value }).catch(() => {});
      return;
    }
    if (opening.value?.data === data.value || asking === data.value || failed.value) return;
    if (state === 'ready') void read();
    else if (state === 'new' || state === 'changed') void open();
  }

  /** What is decoded, of columns that are: another would be another import. */
  const decoded = (preprocessing: Preprocessing) =>
    JSON.stringify(
      Object.entries(preprocessing)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, column]) => [name, importPart(column)]),
    );
  let pause: ReturnType<typeof setTimeout> | undefined;
  watch(shaping, (now) => {
    clearTimeout(pause);
    if (!now || !report.value || now.mapping.problems.length > 0) return;
    const same = decoded(now.preprocessing) === decoded(report.value.preprocessing);
    if (!same) pause = setTimeout(() => void open(), PAUSE);
  });
  watch(
    () => [data.value, JSON.stringify(project.training.value?.recognise)] as const,
    ([now, recognise], [before, former]) => {
      if (now === before && recognise !== former) void open();
    },
  );

  watch(data, () => {
    report.value = null;
    problem.value = null;
    failed.value = null;
  });

  function choose(next: string, found?: DataReport): void {
    const training = project.training.value;
    if (!training || training.data === next) return;
    const fresh = {
      data: next,
      recognise: {},
      preprocessing: {},
      columns: { inputs: {}, outputs: {} },
    };
    const facts = found ?? studio.datasets.value.find((one) => one.data === next)?.facts;
    const ports = model.value.ports;
    const suggested = found?.suggested ?? {};
    const task =
      ports && facts
        ? fittingTask(ports, facts.columns, suggested, { ...training, ...fresh })
        : training.task;
    project.edit((content) => ({ ...content, training: { ...training, ...fresh, task } }));
  }

  studio.importEnded.add((ended) => {
    const isOpening = ended.id === opening.value?.id;
    if (isOpening) opening.value = null;
    if (ended.state === 'done' && ended.data === data.value) {
      failed.value = null;
      void read();
    } else if (ended.state === 'done' && incoming.own.has(ended.id) && ended.data) {
      const done = ended.data;
      void studio.service
        .dataReport({ data: done })
        .then((found) => {
          choose(done, found);
          report.value = found;
        })
        .catch((error: unknown) => (problem.value = messageOf(error)));
    } else if (ended.state !== 'done' && (isOpening || ended.id === failed.value?.id))
      failed.value = ended;
  });

  return {
    data,
    entry,
    importing: computed(() => {
      const id = opening.value?.data === data.value ? opening.value.id : null;
      return (id === null ? null : studio.imports.value.get(id)) ?? failed.value;
    }),
    report,
    problem,
    ports: computed(() => model.value.ports),
    modelProblem: computed(() => model.value.problem),
    shaping,
    fittingTasks,
    set: (change) =>
      project.edit((content) => ({ ...content, training: { ...content.training, ...change } })),
    choose: (next) => choose(next),
    look,
    open: () => void open(),
  };
}

export const projectDatasetKey: InjectionKey<ProjectDataset> = Symbol('project dataset');

/** The project's dataset in this window. */
export function useProjectDataset(): ProjectDataset {
  return inject(projectDatasetKey)!;
}
