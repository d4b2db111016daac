import type { Source } from '../source.ts';

/** Samples that are looked at for the shape of a column. */
const LOOKED_AT = 1000;

/** The shape of one value of each column of numbers: as the source says, else that of the first value. */
export async function numberShapes(source: Source): Promise<Record<string, readonly number[]>> {
  const columns = source.columns.filter(({ kind }) => kind === 'numbers');
  const shapes: Record<string, readonly number[]> = {};
  for (const { name, shape } of columns) if (shape) shapes[name] = shape;
  const unknown = () => columns.some(({ name }) => !(name in shapes));
  for (const split of source.splits) {
    let looked = 0;
    if (!unknown()) break;
    for await (const { values } of split.samples()) {
      for (const { name } of columns) {
        const value = values[name];
        if (value?.kind === 'raw') shapes[name] ??= value.shape;
      }
      if (!unknown() || ++looked === LOOKED_AT) break;
    }
  }
  return shapes;
}
