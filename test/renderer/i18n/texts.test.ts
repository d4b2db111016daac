import { expect, test } from 'vitest';
import en from '../../../renderer/i18n/en/index.ts';
import zhCN from '../../../renderer/i18n/zh-CN/index.ts';

interface Tree {
  readonly [key: string]: string | Tree;
}

function flat(tree: Tree, path = ''): Map<string, string> {
  const texts = Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as const] : [...flat(value, `${path}${key}.`)],
  );
  return new Map(texts);
}

const english = flat(en as unknown as Tree);
const chinese = flat(zhCN as unknown as Tree);
const names = (text: string) => new Set(text.match(/\{\w+\}/g) ?? []);

test('both languages have the same texts, none of them empty', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  for (const text of [...english.values(), ...chinese.values()]) expect(text.trim()).not.toBe('');
});

test('a translation tells the same facts', () => {
  for (const [key, text] of english) expect(names(chinese.get(key)!), key).toEqual(names(text));
});
