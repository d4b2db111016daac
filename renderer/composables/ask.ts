import { shallowRef, watch, type ShallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { messageOf } from '../../shared/api/message.ts';

/** What was asked of a run and has not happened yet, and the way to ask. */
interface Ask<What> {
  readonly asked: ShallowRef<What | null>;
  /** Asks, and stays asked until the caller says that it has happened; where it fails, says why. */
  ask(what: What, work: () => Promise<unknown>): Promise<void>;
}

/** Asks the service for things about a run; another run has been asked nothing. */
export function useAsk<What>(
  run: () => string,
  failed: 'train.control.failed' | 'train.stop.failed',
  say: (problem: string | null) => void,
): Ask<What> {
  const { t } = useI18n();
  const asked = shallowRef<What | null>(null);
  watch(run, () => (asked.value = null));

  async function ask(what: What, work: () => Promise<unknown>): Promise<void> {
    asked.value = what;
    say(null);
    try {
      await work();
    } catch (error) {
      asked.value = null;
      say(t(failed, { reason: messageOf(error) }));
    }
  }
  return { asked, ask };
}
