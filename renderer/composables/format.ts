import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Shape } from '../../shared/program/tensor.ts';
import { createFormat, type Format } from './number-format.ts';

/** Numbers, times and sizes in the studio's language. */
export function useFormat(): Format {
  const { locale } = useI18n();
  const format = computed(() => createFormat(locale.value));
  return new Proxy({} as Format, {
    get: (_, name: keyof Format) => format.value[name],
  });
}

/** A shape without its batch axis as people read it: `28×28×1`; unknown sizes are `?`, one number a sample is `1`. */
export function shapeText(shape: Shape | null | undefined): string {
  if (!shape) return '?';
  const sizes = shape.slice(1);
  return sizes.length === 0 ? '1' : sizes.map((size) => size ?? '?').join('×');
}
