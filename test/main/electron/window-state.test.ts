import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectOf } from '../../../main/electron/command-line.ts';
import { textsFor } from '../../../main/electron/texts.ts';
import { recallWindow, rememberWindow } from '../../../main/electron/window-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'matryoshka-window-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'window.json');
const screens = [
  { x: 0, y: 0, width: 1920, height: 1080 },
  { x: 1920, y: 0, width: 1280, height: 1024 },
];
const state = { bounds: { x: 2000, y: 100, width: 1100, height: 800 }, maximized: true };

test('a window is remembered', () => {
  expect(recallWindow(file, screens)).toBeNull();
  rememberWindow(file, state);
  expect(recallWindow(file, screens)).toEqual(state);
});

test('a window that lies on no screen any more is forgotten', () => {
  rememberWindow(file, state);
  expect(recallWindow(file, screens.slice(0, 1))).toBeNull();
  rememberWindow(file, { ...state, bounds: { ...state.bounds, x: 1850 } });
  expect(recallWindow(file, screens.slice(0, 1))).toBeNull();
});

test('a file that says nonsense is as none, and one that can not be written costs nothing', () => {
  for (const text of ['', '{', 'null', '{"bounds":{"x":0}}', '{"bounds":"all","maximized":1}']) {
    writeFileSync(file, text);
    expect(recallWindow(file, screens)).toBeNull();
  }
  rememberWindow(join(folder, 'none', 'window.json'), state);
  expect(recallWindow(join(folder, 'none', 'window.json'), screens)).toBeNull();
});

test('a command line names a project from its own folder', () => {
  expect(projectOf(['electron', '.', '--project=work/a b'], '/home/me')).toBe(
    resolve('/home/me/work/a b'),
  );
  expect(projectOf(['app', '--project=/one', '--project=/two'], '/')).toBe(resolve('/two'));
  expect(projectOf(['app', '--other', 'project=x'], '/')).toBeNull();
});

test('menus and dialogs speak English or Chinese', () => {
  expect(textsFor('en-GB').open).toBe('Open Project…');
  expect(textsFor('zh-CN').open).toBe('打开项目…');
  expect(textsFor('fr').open).toBe('Open Project…');
  expect(Object.keys(textsFor('zh'))).toEqual(Object.keys(textsFor('en')));
});
