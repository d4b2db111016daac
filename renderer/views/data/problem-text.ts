import { useI18n } from 'vue-i18n';
import { useFormat } from '../../composables/format.ts';

/** Problems of a kind in a few words: `3 unreadable`. */
export function useProblemText(): (code: string, count: number) => string {
  const { t, te } = useI18n();
  const format = useFormat();
  return (code, count) => {
    const key = `data.problems.codes.${code}`;
    const number = format.integer(count);
    return te(key)
      ? t(key, { count: number }, count)
      : t('data.problems.other', { count: number, code });
  };
}
