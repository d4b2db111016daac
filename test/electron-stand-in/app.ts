import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeBrowser, theBrowser } from './browser.ts';
import { closeNetwork } from './session.ts';
import { allowUtilities, utilities } from './utility-process.ts';
import { BrowserWindow, preventable } from './window.ts';

const home = process.env['STAND_IN_HOME']!;
const instances = join(home, 'instances');

class App extends EventEmitter {
  readonly isPackaged = false;
  private readonly ready: Promise<void>;
  private quitting = false;
  private isFirst = false;

  constructor() {
    super();
    // As in Electron, the entry has run before the app is ready.
    this.ready = new Promise((resolve) => setImmediate(resolve)).then(async () => {
      await theBrowser();
      await closeNetwork((url) =>
        BrowserWindow.getAllWindows().at(-1)?.webContents.openWindow(url),
      );
      allowUtilities();
    });
  }

  whenReady = (): Promise<void> => this.ready;
  enableSandbox = (): void => {};
  getName = (): string => 'Matryoshka';
  getLocale = (): string => process.env['STAND_IN_LOCALE'] ?? 'en-US';

  getPath(name: string): string {
    const place = join(home, name);
    mkdirSync(place, { recursive: true });
    return place;
  }

  /** The first to ask is the one; each later one leaves it a note and gets a no. */
  requestSingleInstanceLock(): boolean {
    mkdirSync(instances, { recursive: true });
    try {
      writeFileSync(join(instances, 'first'), '', { flag: 'wx' });
    } catch {
      const note = { argv: process.argv, workingFolder: process.cwd() };
      writeFileSync(join(instances, `note-${process.pid}`), JSON.stringify(note));
      return false;
    }
    this.isFirst = true;
    watch(instances, () => {
      for (const name of readdirSync(instances).filter((file) => file.startsWith('note-'))) {
        const text = readFileSync(join(instances, name), 'utf8');
        if (text === '') continue;
        rmSync(join(instances, name));
        const { argv, workingFolder } = JSON.parse(text) as {
          argv: string[];
          workingFolder: string;
        };
        this.emit('second-instance', {}, argv, workingFolder, undefined);
      }
    }).unref();
    return true;
  }

  quit(): void {
    if (!this.quitting) void this.leave();
  }

  /** All windows are closed by their users. */
  allClosed(): void {
    if (this.quitting) return;
    if (this.listenerCount('window-all-closed') > 0) this.emit('window-all-closed');
    else this.quit();
  }

  private async leave(): Promise<void> {
    this.quitting = true;
    const event = preventable({});
    this.emit('before-quit', event);
    if (event.defaultPrevented) return void (this.quitting = false);
    for (const window of BrowserWindow.getAllWindows())
      if (!(await window.close())) return void (this.quitting = false);
    this.emit('will-quit', preventable({}));
    this.emit('quit', {}, 0);
    for (const child of utilities) child.kill();
    if (this.isFirst) rmSync(join(instances, 'first'));
    await closeBrowser();
    process.exit(0);
  }
}

export const app = new App();
