import { useI18n } from 'vue-i18n';
import type { DataColumn, DatasetFacts } from '../../../shared/api/data.ts';
import { useFormat } from '../../composables/format.ts';

/** What a dataset holds in a few words: `69,997 images · 28×28×1`, `8,400 rows · 128 numbers`. */
export function useFactsText(): (facts: DatasetFacts) => string {
  const { t } = useI18n();
  const format = useFormat();
  const text = (key: 'images' | 'rows' | 'numbers', count: number) =>
    t(`data.${key}`, { count: format.integer(count) }, count);
  return ({ samples, columns }) => {
    const image = columns.find(({ kind }) => kind === 'image');
    if (image)
      return [text('images', samples), image.shape?.join('×') ?? t('data.varied')].join(' · ');
    const numbers = columns
      .filter(({ kind }) => kind === 'numbers')
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return [text('rows', samples), text('numbers', numbers)].join(' · ');
  };
}

function sizeOf(shape: DataColumn['shape']): number {
  return (shape ?? []).reduce((product, dim) => product * dim, 1);
}
