import { useI18n } from 'vue-i18n';
import type { ComparedFact } from '../../../shared/api/compare-runs.ts';
import type { RunState } from '../../../shared/api/events.ts';
import type { Leaf } from '../../../shared/leaves.ts';
import { useFormat } from '../../composables/format.ts';

/** How settings, facts and results of runs are called and written. */
export interface FactTexts {
  name(fact: Pick<ComparedFact, 'key'>): string;
  value(key: string, value: Leaf | undefined): string;
}

/** Numbers that name something instead of counting it. */
const NAMES = new Set(['seed', 'hash']);

export function useFactTexts(): FactTexts {
  const { t, te } = useI18n();
  const format = useFormat();

  function known(part: string): string {
    const key = `runs.facts.${part}`;
    return te(key) || te(key, 'en') ? t(key) : part.replaceAll('_', ' ');
  }

  function value(key: string, leaf: Leaf | undefined): string {
    if (leaf === undefined || leaf === null) return '–';
    if (key === 'state') return t(`shell.state.${leaf as RunState}`);
    if (key === 'hash') return String(leaf).slice(0, 12);
    if (key === 'seconds') return format.duration(Number(leaf));
    if (typeof leaf === 'number') {
      if (NAMES.has(key)) return String(leaf);
      return Number.isInteger(leaf) ? format.integer(leaf) : format.significant(leaf);
    }
    if (typeof leaf === 'boolean') return leaf ? 'True' : 'False';
    if (typeof leaf === 'string') return leaf;
    if (leaf.length === 0) return '–';
    const sizes = leaf.every((one) => one === null || typeof one === 'number');
    const parts = leaf.map((one) => (one === null ? 'None' : value(key, one as Leaf)));
    return parts.join(sizes ? '×' : ', ');
  }

  return { name: ({ key }) => key.split('.').map(known).join(' · '), value };
}
