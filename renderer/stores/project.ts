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
import type { Project as SavedProject } from '../../shared/api/contract.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { createHistory } from './history.ts';
import type { Studio } from './studio.ts';

/** What can be edited and undone. */
export interface ProjectContent {
  readonly model: ModelSpec;
  readonly training: TrainingSettings;
}

export interface Project {
  readonly name: ComputedRef<string>;
  readonly folder: ComputedRef<string>;
  /** Null until the first snapshot. */
  readonly content: Readonly<ShallowRef<ProjectContent | null>>;
  readonly spec: ComputedRef<ModelSpec | null>;
  readonly training: ComputedRef<TrainingSettings | null>;
  readonly canUndo: ComputedRef<boolean>;
  readonly canRedo: ComputedRef<boolean>;
  /** Replaces the content as one step that can be undone, and saves it. */
  edit(change: (content: ProjectContent) => ProjectContent): void;
  undo(): void;
  redo(): void;
  /** Whether another window's version has taken the place of a change here, which `undo` brings back. */
  readonly overtaken: Readonly<ShallowRef<boolean>>;
  /** Why the last change is not on disk; null when it is or is being written. */
  readonly saveError: Readonly<ShallowRef<string | null>>;
  save(): Promise<void>;
}

/**
 * The project of the studio's snapshot, with a history of edits; each edit is saved through the service. A change of
 * another window becomes a step of the history; when both changed the same version, the one that was saved first
 * stands, and the other can be brought back by `undo`.
 */
export function createProject(studio: Studio): Project {
  const history = createHistory<ProjectContent>();
  const saveError = shallowRef<string | null>(null);
  const overtaken = shallowRef(false);
  let saved = '';
  /** The revision that the content here was made from. */
  let revision: string | undefined;
  let writing: Promise<void> | null = null;

  watch(
    studio.snapshot,
    (snapshot) => {
      if (!snapshot) return;
      const unsaved = history.value.value !== null && JSON.stringify(history.value.value) !== saved;
      if (unsaved) void save();
      else if (snapshot.project.revision !== revision) take(snapshot.project);
    },
    { immediate: true },
  );

  /** Goes over to what is on disk. */
  function take({ model, training, revision: now }: SavedProject): void {
    const theirs = { model, training };
    if (history.value.value === null) history.reset(theirs);
    else if (JSON.stringify(theirs) !== JSON.stringify(history.value.value)) history.push(theirs);
    saved = JSON.stringify(theirs);
    revision = now;
  }

  /** What was changed here stays in the history, below what another window has saved before. */
  async function giveWay(): Promise<void> {
    const { project } = await studio.service.snapshot();
    take(project);
    overtaken.value = true;
  }

  /** Writes the newest content; changes that come meanwhile are written after it. */
  async function save(): Promise<void> {
    while (writing) await writing;
    const content = history.value.value;
    if (!content || JSON.stringify(content) === saved) return;
    writing = studio.service
      .saveProject({ ...content, revision })
      .then((now) => {
        saved = JSON.stringify(content);
        revision = now;
        saveError.value = null;
      })
      .catch((error: unknown) => {
        if ((error as { code?: unknown }).code === 'PROJECT_CHANGED') return giveWay();
        saveError.value = messageOf(error);
      })
      .finally(() => (writing = null));
    await writing;
  }

  studio.beforeStart.add(save);

  const act = (action: () => void) => {
    overtaken.value = false;
    action();
    void save();
  };
  return {
    name: computed(() => studio.snapshot.value?.project.name ?? ''),
    folder: computed(() => studio.snapshot.value?.project.folder ?? ''),
    content: history.value,
    spec: computed(() => history.value.value?.model ?? null),
    training: computed(() => history.value.value?.training ?? null),
    canUndo: history.canUndo,
    canRedo: history.canRedo,
    edit: (change) => act(() => history.push(change(history.value.value!))),
    undo: () => act(history.undo),
    redo: () => act(history.redo),
    overtaken,
    saveError,
    save,
  };
}

export const projectKey: InjectionKey<Project> = Symbol('project');

export function useProject(): Project {
  return inject(projectKey)!;
}
