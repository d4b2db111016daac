import { inject, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { OpenedModel, WeightsFrom } from '../../shared/api/models.ts';
import { adoptModel } from '../../shared/keras/adopt.ts';
import { graft, type Where } from '../../shared/keras/graft.ts';
import { withPorts } from '../../shared/keras/rename.ts';
import type { LayerId, ModelSpec } from '../../shared/keras/spec.ts';
import { filesOf, type Dropped } from '../data/dropped.ts';
import type { FileAccess } from '../data/file-access.ts';
import { upload } from '../data/upload.ts';
import type { Project } from './project.ts';
import type { Studio } from './studio.ts';

/** Where in the project a model is to go; null while nobody asks. */
export interface Inserting {
  /** The layer that was chosen for it; null for none. */
  readonly path: string | null;
}

/** How models come into the project: dropped, chosen, by a path, out of a run. */
export interface ModelsIn {
  /** The name of what is being read; null when nothing is. */
  readonly reading: Readonly<ShallowRef<string | null>>;
  /** What was read and waits for what is to become of it. */
  readonly opened: ShallowRef<OpenedModel | null>;
  /** Why the last file could not be read, or its model not be used. */
  readonly problem: ShallowRef<{ readonly name: string; readonly message: string } | null>;
  readonly inserting: ShallowRef<Inserting | null>;
  take(dropped: Dropped): Promise<void>;
  takePath(path: string): Promise<void>;
  /** What was opened becomes the project's model, or the weights that its training begins with. */
  use(): void;
  /** Puts a model into the project's, with its weights. Throws a SpecError where it does not fit. */
  insert(where: Where, source: ModelSpec, model: LayerId, from: WeightsFrom): Promise<void>;
}

export function createModelsIn(studio: Studio, project: Project, access: FileAccess): ModelsIn {
  const reading = shallowRef<string | null>(null);
  const opened = shallowRef<OpenedModel | null>(null);
  const problem = shallowRef<ModelsIn['problem']['value']>(null);
  const inserting = shallowRef<Inserting | null>(null);

  async function open(name: string, ask: () => Promise<OpenedModel>): Promise<void> {
    reading.value = name;
    problem.value = null;
    try {
      // Weights alone are laid onto the model as it is now.
      await project.save();
      opened.value = await ask();
    } catch (error) {
      problem.value = { name, message: messageOf(error) };
    } finally {
      reading.value = null;
    }
  }

  async function sent(dropped: Dropped): Promise<OpenedModel> {
    const { startModelUpload: start, offerModelFiles: offer, openModel } = studio.service;
    const { signal } = new AbortController();
    const files = await filesOf(dropped, () => {}, signal);
    return openModel({ upload: await upload({ start, offer }, access, files, () => {}, signal) });
  }

  return {
    reading,
    opened,
    problem,
    inserting,
    async take(dropped) {
      const [first] = dropped.roots;
      await open(first?.name ?? '', async () => {
        const paths = await access.paths(dropped.roots);
        if (!paths) return sent(dropped);
        const path = paths.find((one) => /model\.json$/i.test(one)) ?? paths[0];
        if (!path) throw new Error('its place is not known');
        return studio.service.openModel({ path });
      });
    },
    takePath: (path) => open(path, () => studio.service.openModel({ path })),
    use() {
      const { model, settings, weights } = opened.value!;
      project.edit((content) =>
        model
          ? adoptModel(content, { model, settings, weights })
          : { ...content, training: { ...content.training, initial_weights: weights } },
      );
      opened.value = null;
    },
    async insert(where, source, model, from) {
      const before = project.content.value!;
      const { spec, keys } = graft(before.model, where, source, model);
      const base = before.training.initial_weights;
      const { weights } = await studio.service.joinWeights({ base, from, keys });
      project.edit((content) => {
        const { training } = content;
        const kept = Object.hasOwn(spec.layers, training.model)
          ? withPorts(training, before.model, spec)
          : { ...training, model: spec.models.at(-1)! };
        return { ...content, model: spec, training: { ...kept, initial_weights: weights } };
      });
    },
  };
}

export const modelsInKey: InjectionKey<ModelsIn> = Symbol('models in');

/** The one way of models into this window's project. */
export function useModelsIn(): ModelsIn {
  return inject(modelsInKey)!;
}
