import { useI18n } from 'vue-i18n';
import type { TrainingSettings } from '../../../shared/keras/training-settings.ts';

/** Names the loss of a run for people: one name, or each output's. */
export function useLossName(): (loss: TrainingSettings['loss']) => string {
  const { t, te } = useI18n();
  const one = (loss: string | { class_name: string } | null): string => {
    if (loss === null) return '–';
    const name = typeof loss === 'string' ? loss : loss.class_name;
    const key = `train.losses.${name}`;
    return te(key) ? t(key) : name;
  };
  return (loss) => {
    if (typeof loss === 'string') return one(loss);
    if (Array.isArray(loss)) return loss.map(one).join(', ');
    if ('class_name' in loss) return one(loss as { class_name: string });
    return Object.entries(loss as Record<string, string | null>)
      .map(([output, name]) => `${output} ${one(name)}`)
      .join(', ');
  };
}
