import type { DataColumn } from '../../shared/api/data.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import { openData } from './open.ts';
import type { ImportedData } from './store/imported.ts';

/** Until the store is there: IDX files as imported data. */
export async function interim(
  data: string,
): Promise<{ columns: DataColumn[]; suggested: Preprocessing; imported: ImportedData }> {
  const { name, train, test } = await openData(data);
  const columns = Object.entries(train.elements).map(
    ([name, { kind, shape, classes }]): DataColumn => ({
      name,
      kind,
      shape,
      ...(classes && { classes }),
    }),
  );
  const [height, width, channels] = train.elements['image']!.shape;
  const suggested: Preprocessing = {
    image: {
      kind: 'image', size: [height!, width!], fit: 'crop', interpolation: 'bilinear',
      color: channels === 1 ? 'grey' : 'rgb', background: 0, dtype: 'uint8', scale: 'unit', normalize: null,
    },
  }; // prettier-ignore
  const imported = {
    name, hash: 'interim', kind: 'idx', recognised: '', columns, preprocessing: suggested, all: train,
    splits: [{ name: 'train', from: 0, dataset: train }, { name: 'test', from: train.size, dataset: test }],
    close: async () => {},
  } as unknown as ImportedData; // prettier-ignore
  return { columns, suggested, imported };
}
