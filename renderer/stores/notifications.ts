import { shallowRef, watch, type ShallowRef } from 'vue';
import { isActive } from '../../shared/api/events.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { Studio } from './studio.ts';

const isThere = typeof Notification !== 'undefined';
const refused = shallowRef(!isThere || Notification.permission === 'denied');

/** The desktop's notifications, where the system and the person let them be shown. */
export interface Notifications {
  /** Whether they can't be shown. */
  readonly refused: Readonly<ShallowRef<boolean>>;
  /** Asks the person, who must just have clicked. */
  ask(): Promise<void>;
}

export function useNotifications(): Notifications {
  return {
    refused,
    async ask() {
      if (isThere) refused.value = (await Notification.requestPermission()) !== 'granted';
    },
  };
}

/** Shows a notification when a run ends whose callbacks ask for it. Several windows show the same one. */
export function notifyRunEnds(
  studio: Studio,
  text: (run: RunSummary) => { readonly title: string; readonly body: string },
): void {
  watch(studio.runs, (now, before) => {
    for (const run of now.values()) {
      const was = before.get(run.id);
      if (!was || !isActive(was.state) || isActive(run.state)) continue;
      const wanted = run.settings.callbacks.some(
        ({ class_name }) => class_name === 'DesktopNotification',
      );
      if (!wanted || !isThere || Notification.permission !== 'granted') continue;
      const { title, body } = text(run);
      const shown = new Notification(title, { body, tag: `run-${run.id}` });
      shown.onclick = () => window.focus();
    }
  });
}
