import { StudioError } from '../../shared/api/errors.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';

/** The model of a project by its name. Throws a StudioError that lists the models that there are. */
export function modelNamed(spec: ModelSpec, name: string): LayerId {
  const found = spec.models.find((id) => layerOf(spec, id).config.name === name);
  if (found !== undefined) return found;
  const names = spec.models.map((id) => layerOf(spec, id).config.name);
  throw new StudioError(
    'NO_SUCH_MODEL',
    `there is no model ${name}; there are ${names.join(', ')}`,
  );
}
