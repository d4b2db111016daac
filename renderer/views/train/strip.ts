import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { messageOf } from '../../../shared/api/message.ts';
import type { StudioService } from '../../../shared/api/contract.ts';
import {
  isActive,
  type ImagesPlan,
  type StoredInput,
  type StoredPicture,
} from '../../../shared/api/events.ts';
import { readSamples, type Samples } from '../../charts/strip-images.ts';
import { latestLoader, type LatestLoader } from '../../stores/latest.ts';
import type { RunRecord } from '../../stores/run-record.ts';

/** The pictures of a run's strip at the step that is shown. */
interface Strip {
  /** The pictures that stay the same: the samples themselves, and what should come out of them. */
  readonly fixed: Readonly<ShallowRef<Readonly<Partial<Record<StoredInput, Samples>>>>>;
  /** The newest pictures that the model made and that came, with their step. */
  readonly outputs: Readonly<ShallowRef<{ step: number; samples: Samples } | null>>;
  /** What can't be read. */
  readonly failure: Readonly<ShallowRef<{ picture: StoredPicture; reason: string } | null>>;
  /** Whether pictures are on their way for more than 0.3 s. */
  readonly slow: Readonly<ShallowRef<boolean>>;
  retry(): void;
}

/** Decoded strips are small: ten digits take 31 KB. */
const capacity = 128;

/** The pictures of a plan that stay the same. */
export function fixedPictures(images: ImagesPlan | undefined): readonly StoredInput[] {
  return images?.pictures ?? ['input'];
}

/** Reads the strip of a run: the step that is shown now, and while the page is at rest its neighbours. */
export function useStrip(
  service: Pick<StudioService, 'runImages'>,
  run: Ref<RunRecord>,
  step: Ref<number>,
): Strip {
  const fixed = shallowRef<Partial<Record<StoredInput, Samples>>>({});
  const outputs = shallowRef<{ step: number; samples: Samples } | null>(null);
  const failure = shallowRef<{ picture: StoredPicture; reason: string } | null>(null);
  const slow = shallowRef(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let loader: LatestLoader<StoredPicture> | null = null;

  function open(id: string): void {
    close();
    fixed.value = {};
    outputs.value = null;
    loader = latestLoader<StoredPicture, Samples>(
      {
        load: async (picture) => {
          const count = run.value.plan?.images?.count ?? 1;
          return readSamples(await service.runImages({ id, picture }), count);
        },
        show(picture, samples) {
          if (typeof picture === 'number') {
            outputs.value = { step: picture, samples };
            rest();
          } else if (!fixed.value[picture]) {
            fixed.value = { ...fixed.value, [picture]: samples };
            want();
          }
        },
        fail(picture, error) {
          rest();
          failure.value = {
            picture,
            reason: messageOf(error),
          };
        },
      },
      capacity,
    );
    want();
  }

  /** Asks for what stays the same first, then for what the page shows. */
  function want(): void {
    const { images, plan } = run.value;
    if (!loader || images.length === 0 || !plan?.images) return;
    failure.value = null;
    timer ??= setTimeout(() => (slow.value = true), 300);
    const missing = fixedPictures(plan.images).find((picture) => !fixed.value[picture]);
    if (missing) {
      loader.want(missing);
      return;
    }
    if (plan.images.truths) {
      rest();
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
  return { fixed, outputs, failure, slow, retry: want };
}
