import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { useFormat } from '../composables/format.ts';
import type { RunRecord } from '../stores/run-record.ts';
import type { RunAxis } from './axis.ts';
import type { Flag } from './line-marks.ts';

/** What callbacks do that changes the way of the curves; another learning rate is seen from the rates. */
const acts = {
  stop: 'watch.flags.stopped',
  restore_weights: 'watch.flags.restored',
} as const;

/** What happened in a run that its curves bend at: other learning rates, parts frozen, where it was resumed. */
export function useFlags(run: () => RunRecord, axis: () => RunAxis): ComputedRef<Flag[]> {
  const { t } = useI18n();
  const format = useFormat();

  return computed(() => {
    const { log, trainable } = run();
    let told: { readonly step: number; readonly text: string }[] = [];
    for (const entry of log) {
      if (entry.kind === 'callback' && entry.action in acts)
        told.push({ step: entry.step, text: t(acts[entry.action as keyof typeof acts]) });
      if (entry.kind !== 'resumed') continue;
      // What was told of later steps is void.
      told = told.filter(({ step }) => step <= entry.step);
      told.push({ step: entry.step, text: t('watch.flags.resumed') });
    }
    const frozen = trainable.map((change) => ({
      step: change.step,
      text: t(change.trainable ? 'watch.flags.unfrozen' : 'train.flags.frozen'),
    }));
    const rates = run().rateChanges.map(({ step, rate }) => ({
      step,
      text: t('watch.flags.rate', { rate: format.significant(rate) }),
    }));
    return [...told, ...frozen, ...rates]
      .sort((a, b) => a.step - b.step)
      .map(({ step, text }) => ({ x: axis().place(step), text }));
  });
}
