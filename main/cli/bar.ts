import type { WriteStream } from 'node:tty';

/** A line that is written over on a terminal; elsewhere nothing. */
export function createBar(out: WriteStream) {
  let shown = false;
  const text = (words: string) => {
    if (!out.isTTY) return;
    out.cursorTo(0);
    // A terminal that does not know its width says 0.
    out.write(words.slice(0, (out.columns || 80) - 1));
    out.clearLine(1);
    shown = true;
  };
  return {
    text,
    progress(share: number, words: string) {
      const width = 24;
      const full = Math.round(Math.min(1, Math.max(0, share)) * width);
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      text(`${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}  ${words}`);
    },
    clear() {
      if (!shown) return;
      out.cursorTo(0);
      out.clearLine(1);
      shown = false;
    },
  };
}
