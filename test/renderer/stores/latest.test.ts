import { expect, test } from 'vitest';
import { latestLoader } from '../../../renderer/stores/latest.ts';

/** A loader whose requests the test answers itself. */
function bench(capacity = 3) {
  const asked: number[] = [];
  const shown: string[] = [];
  const answers = new Map<number, { resolve(thing: string): void; reject(error: Error): void }>();
  const loader = latestLoader<number, string>(
    {
      load: (key) => {
        asked.push(key);
        return new Promise((resolve, reject) => answers.set(key, { resolve, reject }));
      },
      show: (key, thing) => shown.push(`${key}:${thing}`),
      fail: (key, error) => shown.push(`${key}!${(error as Error).message}`),
    },
    capacity,
  );
  const answer = async (key: number, error?: Error) => {
    const open = answers.get(key)!;
    if (error) open.reject(error);
    else open.resolve('here');
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { loader, asked, shown, answer };
}

test('serves the newest wish and skips those in between', async () => {
  const { loader, asked, shown, answer } = bench();
  for (const key of [1, 2, 3, 4, 5]) loader.want(key);
  expect(asked).toEqual([1]);
  await answer(1);
  expect(asked).toEqual([1, 5]);
  await answer(5);
  expect(shown).toEqual(['5:here']);
});

test('fetches ahead when there is time, and shows at once what is there', async () => {
  const { loader, asked, shown, answer } = bench();
  loader.want(1, [2, 3]);
  await answer(1);
  await answer(2);
  await answer(3);
  expect(asked).toEqual([1, 2, 3]);
  loader.want(2);
  expect(shown).toEqual(['1:here', '2:here']);
});

test('keeps the newest few and asks again for what was dropped', async () => {
  const { loader, asked, answer } = bench(2);
  for (const key of [1, 2, 3]) {
    loader.want(key);
    await answer(key);
  }
  loader.want(3);
  loader.want(1);
  expect(asked).toEqual([1, 2, 3, 1]);
});

test('tells a failure, goes on with what is ahead, and tries again when wanted again', async () => {
  const { loader, asked, shown, answer } = bench();
  loader.want(1, [2]);
  await answer(1, new Error('gone'));
  await answer(2);
  expect(shown).toEqual(['1!gone']);
  loader.want(1);
  await answer(1);
  expect(asked).toEqual([1, 2, 1]);
  expect(shown).toEqual(['1!gone', '1:here']);
});

test('says nothing more once it is closed', async () => {
  const { loader, shown, answer } = bench();
  loader.want(1);
  loader.close();
  await answer(1);
  expect(shown).toEqual([]);
});
