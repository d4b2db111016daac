import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { countInside, type Column } from '../components/tree/rows.ts';
import { shapeText } from '../compose/shape-text.ts';
import type { TreeNode } from '../../shared/keras/tree.ts';
import { useProjectDataset } from '../stores/dataset.ts';
import { useFormat } from './format.ts';

/** The columns that a place shows beside the names of layers. */
export function useColumns(which: 'compose' | 'params' | 'data'): ComputedRef<Column[]> {
  const { t } = useI18n();
  const format = useFormat();
  const dataset = useProjectDataset();
  function insideText(node: TreeNode): string {
    const { layers, models } = countInside(node);
    return layers > 0
      ? t('common.layers', { count: format.integer(layers) }, layers)
      : t('common.models', { count: format.integer(models) }, models);
  }
  return computed(() => {
    if (which === 'data') {
      const ties = dataset.shaping.value?.mapping.ties ?? [];
      return [
        {
          id: 'fed',
          title: t('data.fedBy'),
          width: 84,
          align: 'start',
          text(node, open) {
            const parts = node.path.split('/');
            const fed = ties.filter(({ port }) => parts.length === 2 && parts[1] === port);
            if (fed.length > 0) return fed.flatMap(({ columns }) => columns).join(', ');
            return open || !node.children ? null : insideText(node);
          },
        } satisfies Column,
      ];
    }
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
        return open || !node.children ? node.className : insideText(node);
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
