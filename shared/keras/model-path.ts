import { StudioError } from '../api/errors.ts';
import { placesOf, type Place } from './graph.ts';
import { layerOf, type ModelSpec } from './spec.ts';

/**
 * The model that a text names: by its path (`autoencoder/encoder`), or by the end of one (`encoder`) where that leads
 * to one model alone. Throws a StudioError that lists the models that there are, or those that it could be.
 */
export function modelAt(spec: ModelSpec, name: string): Place {
  const models = placesOf(spec).filter(({ layer }) => layerOf(spec, layer).graph);
  const whole = models.find(({ path }) => path === name);
  if (whole) return whole;
  const found = models.filter(({ path }) => path.endsWith(`/${name}`));
  const [first] = found;
  if (first && found.every(({ layer }) => layer === first.layer)) return first;
  const list = (places: readonly Place[]) => places.map(({ path }) => path).join(', ');
  throw first
    ? new StudioError('AMBIGUOUS_MODEL', `${name} could be ${list(found)}; name one by its path`)
    : new StudioError('NO_SUCH_MODEL', `there is no model ${name}; there are ${list(models)}`);
}
