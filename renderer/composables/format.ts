import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { createFormat, type Format } from './number-format.ts';

/** Numbers, times and sizes in the studio's language. */
export function useFormat(): Format {
  const { locale } = useI18n();
  const format = computed(() => createFormat(locale.value));
  return new Proxy({} as Format, {
    get: (_, name: keyof Format) => format.value[name],
  });
}
