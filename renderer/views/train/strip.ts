import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { StudioService } from '../../../shared/api/contract.ts';
import { isActive } from '../../../shared/api/events.ts';
import { readSamples, type Samples } from '../../charts/strip-images.ts';
import { latestLoader, type LatestLoader } from '../../stores/latest.ts';
import type { RunRecord } from '../../stores/run-record.ts';

/** The pictures of a run's reconstruction strip at the step that is shown. */
interface Strip {
  /** The fixed samples themselves. */
  readonly inputs: Readonly<ShallowRef<Samples | null>>;
  /** The newest reconstructions that came, with their step. */
  readonly outputs: Readonly<ShallowRef<{ step: number; samples: Samples } | null>>;
  /** What can't be read; step null: the samples themselves. */
  readonly failure: Readonly<ShallowRef<{ step: number | null; reason: string } | null>>;
  /** Whether pictures are on their way for more than 0.3 s. */
  readonly slow: Readonly<ShallowRef<boolean>>;
  retry(): void;
}

/** Decoded strips are small: ten digits take 31 KB. */
const capacity = 128;

/** Reads the strip of a run: the step that is shown now, and while the page is at rest its neighbours. */
export function useStrip(
  service: Pick<StudioService, 'runImages'>,
  run: Ref<RunRecord>,
  step: Ref<number>,
): Strip {
  const inputs = shallowRef<Samples | null>(null);
  const outputs = shallowRef<{ step: number; samples: Samples } | null>(null);
  const failure = shallowRef<{ step: number | null; reason: string } | null>(null);
  const slow = shallowRef(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let loader: LatestLoader<number | null> | null = null;

  function open(id: string): void {
    close();
    inputs.value = null;
    outputs.value = null;
    loader = latestLoader<number | null, Samples>(
      {
        load: async (key) => {
          const count = run.value.plan?.images?.count ?? 1;
          return readSamples(await service.runImages({ id, step: key }), count);
        },
        show(key, samples) {
          if (key === null) {
            inputs.value = samples;
            want();
          } else {
            outputs.value = { step: key, samples };
            rest();
          }
        },
        fail(key, error) {
          rest();
          failure.value = {
            step: key,
            reason: error instanceof Error ? error.message : String(error),
          };
        },
      },
      capacity,
    );
    want();
  }

  /** Asks for the inputs first, then for what the page shows. */
  function want(): void {
    const { images } = run.value;
    if (!loader || images.length === 0) return;
    failure.value = null;
    timer ??= setTimeout(() => (slow.value = true), 300);
    if (!inputs.value) {
      loader.want(null);
      return;
    }
    const at = images.findIndex((stored) => stored.step === step.value);
    // While training goes on the trainer has better things to do than to serve what nobody looks at.
    const resting = !isActive(run.value.state) || at < images.length - 1;
    const near = resting ? [1, -1, 2, -2, 3, -3].map((offset) => images[at + offset]?.step) : [];
    loader.want(
      step.value,
      near.filter((neighbour) => neighbour !== undefined),
    );
  }

  function rest(): void {
    clearTimeout(timer);
    timer = undefined;
    slow.value = false;
  }

  function close(): void {
    rest();
    loader?.close();
    loader = null;
  }

  watch(() => run.value.id, open, { immediate: true });
  watch([step, () => run.value.images.length > 0], want);
  onScopeDispose(close);
  return { inputs, outputs, failure, slow, retry: want };
}
