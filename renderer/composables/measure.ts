import { onScopeDispose, shallowRef, type ShallowRef } from 'vue';

type Type = 'name' | 'detail';

const weights: Record<Type, string> = { name: '600 12px', detail: '400 11px' };

/** Measures texts in the studio's font; a new function once the font has arrived, so that what depends on it follows. */
export function useMeasure(): Readonly<ShallowRef<(text: string, type: Type) => number>> {
  const measure = shallowRef(createMeasure());
  let gone = false;
  onScopeDispose(() => (gone = true));
  void document.fonts.ready.then(() => {
    if (!gone) measure.value = createMeasure();
  });
  return measure;
}

function createMeasure() {
  const context = document.createElement('canvas').getContext('2d')!;
  const family = getComputedStyle(document.body).fontFamily;
  const known = new Map<string, number>();
  return (text: string, type: Type): number => {
    const key = `${type} ${text}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    context.font = `${weights[type]} ${family}`;
    const { width } = context.measureText(text);
    known.set(key, width);
    return width;
  };
}
