import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { useFormat } from '../composables/format.ts';
import type { RunRecord } from '../stores/run-record.ts';
import type { RunAxis } from './axis.ts';
import type { Flag } from './line-marks.ts';

/** What happened in a run that its curves bend at: other learning rates, parts frozen, where it was resumed. */
export function useFlags(run: () => RunRecord, axis: () => RunAxis): ComputedRef<Flag[]> {
  const { t } = useI18n();
  const format = useFormat();

  return computed(() => {
    const { log, trainable } = run();
    const resumed = log.flatMap((entry) =>
      entry.kind === 'resumed' ? [{ step: entry.step, text: t('watch.flags.resumed') }] : [],
    );
    const frozen = trainable.map((change) => ({
      step: change.step,
      text: t(change.trainable ? 'watch.flags.unfrozen' : 'train.flags.frozen'),
    }));
    const rates = run().rateChanges.map(({ step, rate }) => ({
      step,
      text: t('watch.flags.rate', { rate: format.significant(rate) }),
    }));
    return [...resumed, ...frozen, ...rates]
      .sort((a, b) => a.step - b.step)
      .map(({ step, text }) => ({ x: axis().place(step), text }));
  });
}
