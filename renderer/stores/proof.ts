import { shallowRef, type ShallowRef } from 'vue';
import type { LayerId } from '../../shared/keras/spec.ts';

const model = shallowRef<LayerId | null>(null);

/** Which model the window is proving; null while the proof is closed. */
export function useProof(): {
  readonly model: ShallowRef<LayerId | null>;
  open(model: LayerId): void;
  close(): void;
} {
  return {
    model,
    open: (id) => (model.value = id),
    close: () => (model.value = null),
  };
}
