import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import { isActive } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { renameLayer } from '../../shared/keras/rename.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import { useNotices } from './notices.ts';
import { useProject, type Project } from './project.ts';
import type { RunRecord } from './run-record.ts';
import { useStudio } from './studio.ts';

/** The model that the layer tree shows: the project's, or in Train that of the run. */
export interface ShownModel {
  /** Null until it is known. */
  readonly spec: ModelSpec | null;
  /** Freezes the layer at a path and all inside it, or sets it free; null where nothing can be changed any more. */
  readonly setTrainable: ((path: string, trainable: boolean) => void) | null;
  /** Gives the layer at a path another name; throws a SpecError for one that can't be. Null for a run's model. */
  readonly rename: ((path: string, name: string) => void) | null;
}

/** That of the run in Train, while it is shown. */
const ofRun = shallowRef<{ readonly shown: ComputedRef<ShownModel> } | null>(null);

/** The model of the place that is shown. */
export function useShownModel(): ComputedRef<ShownModel> {
  const project = useProject();
  return computed(() => ofRun.value?.shown.value ?? modelOfProject(project));
}

function modelOfProject(project: Project): ShownModel {
  return {
    spec: project.spec.value,
    setTrainable: (path, trainable) =>
      project.edit((content) => ({
        ...content,
        model: setTrainable(content.model, path, trainable),
      })),
    rename: (path, name) => project.edit((content) => renameLayer(content, path, name)),
  };
}

/**
 * Shows a run's own model (null: the project's) while the caller's place is shown; while the run is under way, freezing
 * acts on the run.
 */
export function showModelOf(
  id: Readonly<Ref<string | null>>,
  run: Readonly<Ref<RunRecord | null>>,
): void {
  const studio = useStudio();
  const project = useProject();
  const notices = useNotices();
  const known = shallowRef<{ readonly id: string; readonly spec: ModelSpec } | null>(null);
  const tell = (error: unknown) => notices.tell(messageOf(error));

  // Each change in the run, and each new connection, is a reason to ask again.
  watch(
    [id, () => run.value?.trainable.length ?? 0, studio.connection],
    async ([wanted, , connection]) => {
      if (connection !== 'open' || wanted === null) return;
      try {
        const spec = await studio.service.runModel({ id: wanted });
        if (wanted === id.value) known.value = { id: wanted, spec };
      } catch (error) {
        if (wanted === id.value && studio.connection.value === 'open') tell(error);
      }
    },
    { immediate: true },
  );

  const shown = computed((): ShownModel => {
    const wanted = id.value;
    if (wanted === null) return modelOfProject(project);
    return {
      spec: known.value?.id === wanted ? known.value.spec : null,
      setTrainable:
        run.value && isActive(run.value.state)
          ? (path, trainable) =>
              void studio.service.setTrainable({ id: wanted, path, trainable }).catch(tell)
          : null,
      rename: null,
    };
  });
  const own = { shown };
  ofRun.value = own;
  onScopeDispose(() => {
    if (ofRun.value === own) ofRun.value = null;
  });
}
