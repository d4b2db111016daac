import {
  computed,
  inject,
  shallowRef,
  watch,
  type ComputedRef,
  type InjectionKey,
  type ShallowRef,
} from 'vue';
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
  /** Why the last change is not on disk; null when it is or is being written. */
  readonly saveError: Readonly<ShallowRef<string | null>>;
  save(): Promise<void>;
}

/** The project of the studio's snapshot, with a history of edits; each edit is saved through the service. */
export function createProject(studio: Studio): Project {
  const history = createHistory<ProjectContent>();
  const saveError = shallowRef<string | null>(null);
  let saved = '';
  let writing: Promise<void> | null = null;

  watch(
    studio.snapshot,
    (snapshot) => {
      if (!snapshot) return;
      const { model, training } = snapshot.project;
      const theirs = JSON.stringify({ model, training });
      const unsaved = history.value.value !== null && JSON.stringify(history.value.value) !== saved;
      if (unsaved) void save();
      else if (theirs !== saved) history.reset({ model, training });
      if (!unsaved) saved = theirs;
    },
    { immediate: true },
  );

  /** Writes the newest content; changes that come meanwhile are written after it. */
  async function save(): Promise<void> {
    while (writing) await writing;
    const content = history.value.value;
    if (!content || JSON.stringify(content) === saved) return;
    writing = studio.service
      .saveProject(content)
      .then(() => {
        saved = JSON.stringify(content);
        saveError.value = null;
      })
      .catch((error: unknown) => {
        saveError.value = error instanceof Error ? error.message : String(error);
      })
      .finally(() => (writing = null));
    await writing;
  }

  studio.beforeStart.add(save);

  const act = (action: () => void) => {
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
    saveError,
    save,
  };
}

export const projectKey: InjectionKey<Project> = Symbol('project');

export function useProject(): Project {
  return inject(projectKey)!;
}
