import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { decodeMessage, encodeMessage } from '../../shared/api/codec.ts';
import { app } from './app.ts';
import { theBrowser, toApp, toChromium } from './browser.ts';
import { twinOf, type MessagePortMain } from './ports.ts';
import { answer } from './session.ts';
import { TO_MAIN, TO_PAGE, type FromPage, type ToPage } from './wire.ts';

/** An event that can be prevented, as Electron's are. */
export function preventable<T extends object>(fields: T) {
  const event = {
    ...fields,
    defaultPrevented: false,
    preventDefault: () => void (event.defaultPrevented = true),
  };
  return event;
}

export const ipcMain = new EventEmitter();

let count = 0;

class WebContents extends EventEmitter {
  readonly id = ++count;
  readonly opened: Promise<Page>;
  private readonly ports = new Map<number, MessagePortMain>();
  private handleOpen: (details: { url: string }) => { action: string } = () => ({
    action: 'allow',
  });
  private opens = true;
  private url = '';
  /** The address that the app itself has asked for: a navigation there is not the page's wish. */
  private wanted = '';

  constructor(preload: string) {
    super();
    this.opened = this.open(preload);
  }

  getURL(): string {
    return this.url;
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.handleOpen = handler;
  }

  /** A page in this window opens another: it is asked for, and closed when it is denied. */
  openWindow(url: string): void {
    this.opens = this.handleOpen({ url }).action === 'allow';
  }

  reload(): void {
    this.opened.then((page) => page.reload()).catch(() => {});
  }

  async load(url: string): Promise<void> {
    const page = await this.opened;
    this.wanted = toChromium(url);
    await page.goto(this.wanted);
    this.wanted = '';
  }

  async close(): Promise<void> {
    this.dropPorts();
    await (await this.opened).close();
  }

  private async open(preload: string): Promise<Page> {
    const page = await (await theBrowser()).newPage();
    await page.exposeBinding(TO_MAIN, (_, text: string) =>
      this.receive(decodeMessage(text) as FromPage),
    );
    const script = readFileSync(process.env['STAND_IN_PAGE']!, 'utf8');
    const text = readFileSync(preload, 'utf8');
    await page.addInitScript(
      `{ const PRELOAD = (require, module, exports) => { ${text} }; ${script} }`,
    );
    await page.route('**/*', async (route) => {
      const request = route.request();
      const url = toApp(request.url());
      if (request.isNavigationRequest() && request.url() !== this.wanted) {
        const isMain = request.frame() === page.mainFrame();
        const event = preventable({ url, isMainFrame: isMain });
        if (isMain) this.emit('will-navigate', event);
        this.emit('will-frame-navigate', event);
        if (event.defaultPrevented) return route.abort('aborted').catch(() => {});
      }
      return answer(route);
    });
    page.on('popup', (popup) => {
      if (!this.opens) popup.close().catch(() => {});
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.url = toApp(frame.url());
    });
    page.on('crash', () => this.emit('render-process-gone', {}, { reason: 'crashed' }));
    return page;
  }

  private receive(message: FromPage): void {
    if (message.type === 'document') this.dropPorts();
    else if (message.type === 'port') this.ports.get(message.id)?.receive(message.data);
    else if (message.type === 'close') this.ports.get(message.id)?.disconnect();
    else {
      const { args } = message;
      const senderFrame = {
        url: this.url,
        parent: null,
        postMessage: (channel: string, data: unknown, ports: MessagePortMain[] = []) =>
          this.send({
            type: 'send',
            channel,
            message: data,
            ports: ports.map((port) => this.move(port)),
          }),
      };
      ipcMain.emit(message.channel, { sender: this, senderFrame, ports: [] }, ...args);
    }
  }

  /** Moves a port into the page: its twin, which stays, now speaks with the page. */
  private move(port: MessagePortMain): number {
    const id = ++count;
    const twin = twinOf(port);
    twin.deliver = (data) => this.send({ type: 'port', id, data });
    twin.onClose = () => this.send({ type: 'close', id });
    this.ports.set(id, twin);
    return id;
  }

  private send(message: ToPage): void {
    const text = encodeMessage(message);
    this.opened
      .then((page) =>
        page.evaluate(
          ([name, sent]) =>
            (window as unknown as Record<string, (text: string) => void>)[name]?.(sent),
          [TO_PAGE, text] as const,
        ),
      )
      // The page is gone or going; its ports close.
      .catch(() => {});
  }

  private dropPorts(): void {
    for (const port of this.ports.values()) port.disconnect();
    this.ports.clear();
  }
}

/** Electron's BrowserWindow, with a page of Chromium in it. */
export class BrowserWindow extends EventEmitter {
  static readonly all = new Set<BrowserWindow>();
  static getAllWindows = (): BrowserWindow[] => [...BrowserWindow.all];

  readonly webContents: WebContents;
  isLoaded = false;
  private bounds: Electron.Rectangle;
  private maximized = false;

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    const { preload, contextIsolation, sandbox, nodeIntegration } = options.webPreferences ?? {};
    if (!contextIsolation || !sandbox || nodeIntegration !== false || !preload)
      throw new Error('the stand-in only opens windows that are isolated and in a sandbox');
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
    this.webContents = new WebContents(preload);
    BrowserWindow.all.add(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    await this.webContents.load(url);
    this.isLoaded = true;
    this.emit('ready-to-show');
  }

  /** Closes it as its user does. Says whether it is closed. */
  async close(): Promise<boolean> {
    const event = preventable({});
    this.emit('close', event);
    if (event.defaultPrevented) return false;
    BrowserWindow.all.delete(this);
    await this.webContents.close();
    this.emit('closed');
    if (BrowserWindow.all.size === 0) app.allClosed();
    return true;
  }

  isDestroyed = (): boolean => !BrowserWindow.all.has(this);
  isMinimized = (): boolean => false;
  isMaximized = (): boolean => this.maximized;
  maximize = (): void => void (this.maximized = true);
  getNormalBounds = (): Electron.Rectangle => this.bounds;
  setBounds = (bounds: Electron.Rectangle): void => void (this.bounds = bounds);
  show = (): void => {};
  focus = (): void => {};
  restore = (): void => {};
}
