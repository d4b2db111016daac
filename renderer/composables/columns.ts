import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { countInside, type Column } from '../components/tree/rows.ts';
import { shapeText } from '../compose/shape-text.ts';
import { useFormat } from './format.ts';

/** The columns that a place shows beside the names of layers. */
export function useColumns(which: 'compose' | 'params'): ComputedRef<Column[]> {
  const { t } = useI18n();
  const format = useFormat();
  return computed(() => {
    const params: Column = {
      id: 'params',
      title: t('tree.params'),
      width: 56,
      align: 'end',
      text: (node) => (node.params > 0 ? format.integer(node.params) : null),
    };
    if (which === 'params') return [params];
    const className: Column = {
      id: 'class',
      title: t('tree.class'),
      width: 108,
      align: 'start',
      text(node, open) {
        if (open || !node.children) return node.className;
        const { layers, models } = countInside(node);
        return layers > 0
          ? t('common.layers', { count: format.integer(layers) }, layers)
          : t('common.models', { count: format.integer(models) }, models);
      },
    };
    const output: Column = {
      id: 'output',
      title: t('tree.output'),
      width: 64,
      align: 'end',
      text: (node) => node.outputShapes?.map(shapeText).join(', ') ?? '?',
    };
    return [className, output, { ...params, width: 48 }];
  });
}
