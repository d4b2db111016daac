import { BrowserWindow, nativeTheme, screen } from 'electron';
import { preloadEntry } from '../service/places.ts';
import { appUrl } from './app-protocol.ts';
import { recallWindow, rememberWindow, smallest } from './window-state.ts';

/** The page's background before it is drawn, as in assets/tokens.css. */
const background = { light: '#fdfcfa', dark: '#161412' };

/** Opens a window on the studio, where the last one was, and remembers in `stateFile` where it is left. */
export function openWindow(title: string, stateFile: string): BrowserWindow {
  const screens = screen.getAllDisplays().map((display) => display.workArea);
  const state = recallWindow(stateFile, screens);
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    ...state?.bounds,
    minWidth: smallest.width,
    minHeight: smallest.height,
    title,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload: preloadEntry,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
    },
  });
  if (state?.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () =>
    rememberWindow(stateFile, {
      bounds: window.getNormalBounds(),
      maximized: window.isMaximized(),
    }),
  );
  // A page that crashed is loaded anew; the service and its runs know nothing of it.
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit' && !window.isDestroyed()) window.webContents.reload();
  });
  // It fails when the window is closed while it loads; nothing is left to do then.
  window.loadURL(appUrl).catch(() => {});
  return window;
}
