import { describe, expect, it } from 'vitest';
import { cellsOf, ellipsize, fitCells, wrapCells } from '../../shared/cells.ts';

describe('cells', () => {
  it.each([
    ['plain', 5],
    ['café', 4],
    ['cafe\u0301', 4],
    ['模型', 4],
    ['ｆｕｌｌ', 8],
    ['한국어', 6],
    ['🚀', 2],
    ['👨‍👩‍👧', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['❤', 1],
    ['🇩🇪', 2],
    ['Ω≈ç', 3],
    ['', 0],
  ])('%s takes %i', (text, cells) => expect(cellsOf(text)).toBe(cells));

  it('cuts between characters, with a space for half a wide one', () => {
    expect(fitCells('模型编码', 5)).toBe('模型 ');
    expect(fitCells('ab', 4)).toBe('ab  ');
    expect(ellipsize('模型编码', 8)).toBe('模型编码');
    expect(ellipsize('模型编码', 6)).toBe('模型 …');
  });

  it('wraps between words and leaves or folds a word that is too long', () => {
    expect(wrapCells('max_pooling2d (MaxPooling2D)', 20, false)).toEqual([
      'max_pooling2d ',
      '(MaxPooling2D)',
    ]);
    expect(wrapCells('   └ a_long_name (Dense)', 10, false)).toEqual([
      '   └ ',
      'a_long_name',
      '(Dense)',
    ]);
    expect(wrapCells('abcdefghij', 4, true)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapCells('', 4, false)).toEqual(['']);
  });
});
