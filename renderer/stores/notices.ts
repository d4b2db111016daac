import { shallowRef, type ShallowRef } from 'vue';

export interface Notice {
  readonly id: number;
  readonly text: string;
}

const notices = shallowRef<readonly Notice[]>([]);
let count = 0;

/** What went wrong elsewhere than where the person looks; it stays until it is closed. */
export function useNotices(): {
  readonly notices: Readonly<ShallowRef<readonly Notice[]>>;
  tell(text: string): void;
  close(id: number): void;
} {
  return {
    notices,
    tell(text) {
      if (notices.value.some((notice) => notice.text === text)) return;
      notices.value = [...notices.value, { id: ++count, text }].slice(-3);
    },
    close: (id) => (notices.value = notices.value.filter((notice) => notice.id !== id)),
  };
}
