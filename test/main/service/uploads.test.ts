import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { uploadPath } from '../../../main/service/upload-path.ts';
import { createUploads } from '../../../main/service/uploads.ts';
import type { OfferedFile } from '../../../shared/api/data.ts';

const place = await mkdtemp(join(tmpdir(), 'uploads-'));
afterAll(() => rm(place, { recursive: true, force: true }));

let count = 0;
const newId = () => (++count).toString(16).padStart(32, '0');
const came = new Map<string, number>();
const progress = (id: string, bytes: number) => void came.set(id, (came.get(id) ?? 0) + bytes);

const offered = (contents: Record<string, string>): OfferedFile[] =>
  Object.entries(contents).map(([path, text]) => ({
    path,
    bytes: Buffer.byteLength(text),
    modified: Date.UTC(2020, 1, 2, 3, 4, 5),
  }));

/** The contents of files one after the other, in pieces of so many bytes. */
async function* pieces(texts: readonly string[], size = 3): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(texts.join(''));
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function begin(contents: Record<string, string>, limits?: { files: number; bytes: number }) {
  const uploads = createUploads(place, progress, limits);
  const files = offered(contents);
  const id = newId();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const announced = { id, name: 'set', files: files.length, bytes };
  return { uploads, files, id, announced, texts: Object.values(contents) };
}

test('files come in pieces and lie where they belong, whatever their names are', async () => {
  const contents = {
    'set/0/a.png': 'first',
    'set/0/empty.txt': '',
    'set/数字/e\u0301té \u{1f642}.png': 'second',
    'set/con fusing & "quoted".png': '',
  };
  const { uploads, files, id, announced, texts } = begin(contents);
  await uploads.start(announced);
  const { ticket, wanted } = await uploads.offer(id, files);
  expect(wanted).toEqual([0, 1, 2, 3]);
  expect(() => uploads.finish(id)).toThrow('set: 0 of 4 files have come');
  await uploads.receive(id, ticket, pieces(texts));
  const folder = uploads.finish(id);
  expect(folder).toBe(join(place, id, 'set'));
  for (const [path, text] of Object.entries(contents))
    expect(await readFile(join(place, id, path), 'utf8')).toBe(text);
  expect(came.get(id)).toBe(announced.bytes);
});

test('what came before is not asked for again, what was torn or changed is', async () => {
  const contents = { 'set/whole': 'abc', 'set/torn': 'defghi', 'set/changed': 'jkl' };
  const { uploads, files, id, announced } = begin(contents);
  await uploads.start(announced);
  const first = await uploads.offer(id, files);
  await expect(uploads.receive(id, first.ticket, pieces(['abcde']))).rejects.toThrow(
    '"set/torn" ends 4 bytes before its end',
  );
  await uploads.drop(id, false);

  await uploads.start(announced);
  const second = await uploads.offer(id, files);
  expect(second.wanted).toEqual([1, 2]);
  await uploads.receive(id, second.ticket, pieces(['defghi', 'jkl']));
  uploads.finish(id);
  await writeFile(join(place, id, 'set/changed'), 'xyz');

  await uploads.start(announced);
  expect((await uploads.offer(id, files)).wanted).toEqual([2]);
  // It was there before this upload, so that something may use it: it stays.
  await uploads.drop(id, true);
  expect((await stat(join(place, id, 'set/whole'))).size).toBe(3);
});

test('a cancelled upload takes nothing more in, and goes', async () => {
  const { uploads, files, id, announced } = begin({ 'set/a': 'abcdefghi' });
  await uploads.start(announced);
  const { ticket } = await uploads.offer(id, files);
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abc');
    await uploads.drop(id, true);
    yield Buffer.from('def');
  }
  await expect(uploads.receive(id, ticket, slowly())).rejects.toThrow('cancelled');
  expect(await readdir(place)).not.toContain(id);
  await expect(uploads.offer(id, files)).rejects.toThrow('this upload has ended');
});

test('more than was offered, or than is taken, is refused by name and number', async () => {
  const { uploads, files, id, announced } = begin({ 'set/a': 'abc' }, { files: 2, bytes: 10 });
  await expect(uploads.start({ ...announced, files: 3 })).rejects.toThrow(
    /set holds 3 files with 3 bytes; an upload takes at most 2 files and 10 bytes/,
  );
  await expect(uploads.start({ ...announced, bytes: 11 })).rejects.toMatchObject({
    code: 'UPLOAD_TOO_LARGE',
  });
  await expect(uploads.start({ ...announced, files: 0 })).rejects.toThrow('set holds no files');
  await uploads.start(announced);
  await expect(uploads.offer(id, [...files, { ...files[0]!, path: 'set/b' }])).rejects.toThrow(
    'set holds more than it announced',
  );
  await uploads.drop(id, true);
  await uploads.start(announced);
  const { ticket } = await uploads.offer(id, files);
  await expect(uploads.receive(id, ticket, pieces(['abcd']))).rejects.toThrow(
    'more bytes came than were offered',
  );
  await expect(uploads.receive(id, ticket, pieces([]))).rejects.toThrow('were not asked for');
  const huge = createUploads(place, progress, { files: 1, bytes: Infinity });
  await expect(huge.start({ ...announced, id: newId(), bytes: 1e18 })).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
});

test.each([
  '../set/a',
  'set/../../a',
  'set//a',
  '/set/a',
  'set/./a',
  'set/',
  'elsewhere/a',
  'settle/a',
  'set/a\0b',
  'set/a\nb',
  `set/${'a'.repeat(256)}`,
  `set/${'é'.repeat(128)}`,
  `set/${'a/'.repeat(70)}b`,
  'set/\ud800',
])('the name %j is refused, and nothing is written', async (path) => {
  const { uploads, id, announced } = begin({ 'set/a': 'abc' });
  await uploads.start(announced);
  await expect(uploads.offer(id, [{ path, bytes: 3, modified: 0 }])).rejects.toMatchObject({
    code: 'BAD_UPLOAD',
  });
  expect(await readdir(join(place, id))).toEqual([]);
});

test('one path is not written twice', async () => {
  const { uploads, id, files, announced } = begin({ 'set/a': 'abc', 'set/b': 'def' });
  await uploads.start(announced);
  await expect(uploads.offer(id, [files[0]!, files[0]!])).rejects.toThrow('two files are named');
});

test('names that Windows does not take are refused there', () => {
  for (const name of ['con', 'NUL.txt', 'a:b', 'what?', 'end.', 'end ', 'a\\b', 'com1.png'])
    expect(() => uploadPath('/place', `set/${name}`, true)).toThrow('Windows');
  expect(uploadPath('/place', 'set/console.png', true)).toBe(join('/place', 'set/console.png'));
});
