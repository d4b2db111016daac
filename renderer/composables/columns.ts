import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { sparkPath } from '../charts/spark.ts';
import { countInside, TREND_BOX, type Column } from '../components/tree/rows.ts';
import { shapeText } from '../compose/shape-text.ts';
import type { TreeNode } from '../../shared/keras/tree.ts';
import { useProjectDataset } from '../stores/dataset.ts';
import { useShownFacts, type FactsOfRows } from '../stores/shown-facts.ts';
import { useFormat } from './format.ts';

/** The columns that a place shows beside the names of layers. */
export function useColumns(which: 'compose' | 'params' | 'data' | 'train'): ComputedRef<Column[]> {
  const { t } = useI18n();
  const format = useFormat();
  const dataset = useProjectDataset();
  const facts = useShownFacts();
  function insideText(node: TreeNode): string {
    const { layers, models } = countInside(node);
    return layers > 0
      ? t('common.layers', { count: format.integer(layers) }, layers)
      : t('common.models', { count: format.integer(models) }, models);
  }
  /** How the layers of the run fared at the page's step. */
  function factColumns(rows: FactsOfRows): Column[] {
    const of = (node: TreeNode) => rows.get(node.path);
    const number = (value: number | null | undefined, text: (value: number) => string) =>
      value == null ? null : Number.isFinite(value) ? text(value) : format.significant(value);
    const isBroken = (value: number | null | undefined) => value != null && !Number.isFinite(value);
    const column = (id: 'gradient' | 'update' | 'dead', width: number) => ({
      id,
      title: t(`watch.columns.${id}`),
      hint: t(`watch.columns.${id}Hint`),
      width,
      align: 'end' as const,
    });
    return [
      {
        ...column('gradient', 56),
        text: (node) => number(of(node)?.gradient, format.significant),
        warns: (node) => isBroken(of(node)?.gradient),
      },
      {
        ...column('update', 52),
        from: 300,
        text: (node) => number(of(node)?.update, (value) => format.percent(value, 2)),
        warns: (node) => isBroken(of(node)?.update),
      },
      {
        ...column('dead', 48),
        from: 340,
        text(node) {
          const { dead = null, units = 0 } = of(node) ?? {};
          return dead === null ? null : `${format.integer(dead)}/${format.integer(units)}`;
        },
        warns: (node) => (of(node)?.dead ?? 0) > 0,
      },
      {
        id: 'trend',
        title: t('watch.columns.trend'),
        hint: t('watch.columns.trendHint'),
        width: TREND_BOX.width,
        align: 'end',
        from: 400,
        // A row without figures gives its name the free width.
        text: (node) => (of(node)?.gradient == null ? null : ''),
        path(node) {
          const trend = of(node)?.trend ?? [];
          const most = Math.max(...trend.filter(Number.isFinite));
          const { width, height } = TREND_BOX;
          return trend.length < 2 ? null : sparkPath(trend, most, width, height);
        },
      },
    ];
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
    if (which === 'params' || (which === 'train' && !facts.value)) return [params];
    if (which === 'train') return factColumns(facts.value!);
    const className: Column = {
      id: 'class',
      // A narrow pane has no room for it, and the icon tells it as well.
      from: 380,
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
