/**
 * How wide text stands in a terminal: in cells, of which a character takes 0, 1 or 2.
 * The widths are those of Unicode's East Asian Width and of emoji, as the wcwidth and rich libraries count them.
 */

/** A character with what combines with it, and its cells. */
interface Grapheme {
  readonly text: string;
  readonly cells: number;
}

/** Wide characters that are not emoji, as [first, last]. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2329, 0x232a], [0x2630, 0x2637], [0x268a, 0x268f], [0x2e80, 0x3029],
  [0x3030, 0x303e], [0x3041, 0x3096], [0x309b, 0x3163], [0x3165, 0x3247], [0x3250, 0xa4c6],
  [0xa960, 0xa97c], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe10, 0xfe19], [0xfe30, 0xfe6b],
  [0xff01, 0xff60], [0xffe0, 0xffe6], [0x16fe0, 0x16fe3], [0x16ff2, 0x1b2fb], [0x1d300, 0x1d376],
  [0x1f200, 0x1f320], [0x20000, 0x3fffd],
]; // prettier-ignore

const PLAIN = /^[\x20-\x7e\u2500-\u257f\u2026]*$/;
const INVISIBLE = /[\p{Mn}\p{Me}\p{Mc}\p{Cc}\u1160-\u11ff\ud7b0-\ud7ff\p{Emoji_Modifier}]/u;
const FORMAT = /\p{Cf}/u;
/** Format characters that are drawn. */
const DRAWN = /[\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;
const EMOJI = /\p{Emoji_Presentation}/u;
const FLAG_LETTER = /\p{Regional_Indicator}/u;
const NARROW_EMOJI = /(?!\p{Emoji_Presentation})\p{Emoji}/u;
const JOINER = '\u200d';
const AS_EMOJI = '\ufe0f';

function characterCells(character: string): number {
  if (INVISIBLE.test(character)) return 0;
  if (FORMAT.test(character)) return DRAWN.test(character) ? 1 : 0;
  if (EMOJI.test(character)) return FLAG_LETTER.test(character) ? 1 : 2;
  const code = character.codePointAt(0)!;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Text in characters that stand together. A joiner takes the next character into its own. */
function graphemes(text: string): Grapheme[] {
  const found: { text: string; cells: number }[] = [];
  let measured = '';
  let joined = false;
  for (const character of text) {
    const last = found.at(-1);
    const cells = joined || character === JOINER ? 0 : characterCells(character);
    const widens = character === AS_EMOJI && NARROW_EMOJI.test(measured) ? 1 : 0;
    if (last && cells === 0) {
      last.text += character;
      last.cells += joined ? 0 : widens;
    } else found.push({ text: character, cells });
    if (widens) measured = '';
    if (cells > 0) measured = character;
    joined = character === JOINER;
  }
  return found;
}

/** How many cells a text takes. */
export function cellsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return graphemes(text).reduce((sum, { cells }) => sum + cells, 0);
}

/** The start of a text that fills exactly `total` cells; spaces stand in for half a character and for what is missing. */
export function fitCells(text: string, total: number): string {
  let taken = '';
  let cells = 0;
  for (const grapheme of graphemes(text)) {
    if (cells + grapheme.cells > total) break;
    taken += grapheme.text;
    cells += grapheme.cells;
  }
  return taken + ' '.repeat(Math.max(total - cells, 0));
}

/** A text in pieces of at most `width` cells. */
function chop(text: string, width: number): string[] {
  const pieces = [''];
  let cells = 0;
  for (const grapheme of graphemes(text)) {
    if (cells + grapheme.cells > width) {
      pieces.push('');
      cells = 0;
    }
    pieces[pieces.length - 1] += grapheme.text;
    cells += grapheme.cells;
  }
  return pieces;
}

/**
 * Breaks a text into lines between words, as rich does. A word wider than a line is folded, or (fold false) left
 * to be cut off. Spaces stay at the end of their line as far as they fit.
 */
export function wrapCells(text: string, width: number, fold: boolean): string[] {
  const breaks: number[] = [];
  let used = 0;
  for (const match of text.matchAll(/\s*\S+\s*/g)) {
    const [word] = match;
    let start = match.index;
    const cells = cellsOf(word.trimEnd());
    if (width - used >= cells) used += cellsOf(word);
    else if (cells > width && fold) {
      const pieces = chop(word, width);
      pieces.forEach((piece, i) => {
        if (start > 0) breaks.push(start);
        if (i === pieces.length - 1) used = cellsOf(piece);
        else start += piece.length;
      });
    } else if (cells > width || used > 0) {
      if (start > 0) breaks.push(start);
      used = cellsOf(word);
    }
  }
  const ends = [...breaks, text.length];
  return ends.map((end, i) => dropSpacesBeyond(text.slice(ends[i - 1] ?? 0, end), width));
}

function dropSpacesBeyond(line: string, width: number): string {
  const excess = [...line].length - width;
  const spaces = line.length - line.trimEnd().length;
  return excess > 0 ? line.slice(0, line.length - Math.min(spaces, excess)) : line;
}

/** Cuts a text that is wider than `width` and marks the cut with `…`. */
export function ellipsize(text: string, width: number): string {
  return cellsOf(text) > width ? `${fitCells(text, width - 1)}…` : text;
}
