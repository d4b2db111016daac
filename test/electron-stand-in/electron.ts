// The module `electron` as the app's main process finds it here. What the user does outside of pages, the test does.
import type { Channel } from '../../shared/api/channel.ts';
import { link } from '../../shared/api/rpc.ts';
import { closeBrowser, debuggerAddress } from './browser.ts';
import { askPermission } from './session.ts';
import { utilities } from './utility-process.ts';
import { BrowserWindow } from './window.ts';
import type { AppControl, AppObserver } from './wire.ts';

export { app } from './app.ts';
export { MessageChannelMain } from './ports.ts';
export { protocol, session } from './session.ts';
export { utilityProcess } from './utility-process.ts';
export { BrowserWindow, ipcMain } from './window.ts';

const testChannel: Channel = {
  post: (message) => void process.send?.(message),
  onMessage: (listener) => void process.on('message', listener),
  onClose: (listener) => void process.on('disconnect', listener),
};

let menu: Electron.MenuItemConstructorOptions[] = [];

const newest = () => BrowserWindow.getAllWindows().at(-1)!;

const test = link<AppObserver, AppControl>(testChannel, {
  async address(windows) {
    const loaded = () => BrowserWindow.getAllWindows().filter((window) => window.isLoaded).length;
    while (loaded() < windows) await new Promise((resolve) => setTimeout(resolve, 20));
    return debuggerAddress();
  },
  async menu(name) {
    const all = (items: Electron.MenuItemConstructorOptions[]): typeof items =>
      items.flatMap((item) => [item, ...all((item.submenu ?? []) as typeof items)]);
    const item = all(menu).find(({ label, role }) => label === name || role === name);
    if (!item) throw new Error(`the menu has no ${name}`);
    if (item.role === 'quit') (await import('./app.ts')).app.quit();
    else (item.click as () => void)();
  },
  closeWindow: async () => void (await newest().close()),
  async runInPage(script) {
    const page = await newest().webContents.opened;
    await page.evaluate(script);
  },
  setBounds: async (bounds) => newest().setBounds(bounds),
  bounds: async () => newest().getNormalBounds(),
  permission: (name) => askPermission(name, newest().webContents.getURL()),
  utilityPids: async () => [...utilities].flatMap(({ pid }) => pid ?? []),
});
process.on('disconnect', () => void closeBrowser().finally(() => process.exit(1)));

export const Menu = {
  buildFromTemplate: (template: typeof menu) => template,
  setApplicationMenu: (template: typeof menu) => void (menu = template),
};

export const dialog = {
  showMessageBox: async (options: Electron.MessageBoxOptions) => ({
    response: await test.messageBox(options),
    checkboxChecked: false,
  }),
  async showOpenDialog() {
    const folder = await test.openDialog();
    return { canceled: folder === null, filePaths: folder === null ? [] : [folder] };
  },
  showErrorBox: (title: string, content: string) => void test.errorBox(title, content),
};

export const shell = { openExternal: async (url: string) => void test.openedOutside(url) };
export const nativeTheme = { shouldUseDarkColors: false };
export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};
