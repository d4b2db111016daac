import type { Json, LayerSpec } from '../../shared/keras/spec.ts';

/** What matters most of a layer's configuration, in Keras's words: `Conv2D · 32 · relu`, `MaxPooling2D · 3×3`. */
export function layerDetail({ class_name, config }: LayerSpec): string {
  const { activation, filters, units, rate, pool_size, size, target_shape } = config;
  const parts: (string | undefined)[] = [
    numberText(filters ?? units ?? rate),
    sizeText(pool_size ?? (class_name === 'UpSampling2D' ? (size ?? 2) : undefined)),
    sizeText(target_shape),
    typeof activation === 'string' && activation !== 'linear' ? activation : undefined,
  ];
  return [class_name, ...parts.filter((part) => part !== undefined)].join(' · ');
}

function numberText(value: Json | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : undefined;
}

function sizeText(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return `${value}×${value}`;
  return Array.isArray(value) ? value.join('×') : undefined;
}
