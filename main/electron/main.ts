import { join } from 'node:path';
import { app, BrowserWindow, dialog, session } from 'electron';
import { encodeError } from '../../shared/api/errors.ts';
import type { Studio } from '../service/studio.ts';
import { registerAppScheme, serveApp } from './app-protocol.ts';
import { projectOf } from './command-line.ts';
import { guardContents, refusePermissions } from './guards.ts';
import { setMenu } from './menu.ts';
import { brokerPorts } from './ports.ts';
import { createProjects } from './projects.ts';
import { textsFor } from './texts.ts';
import { openWindow } from './window.ts';

// What must happen before the app is ready.
app.enableSandbox();
registerAppScheme();
guardContents(app);

const projects = createProjects();
/** The studio behind each window, by the id of the window's page. */
const studios = new Map<number, Studio>();
/** Whether the app may end: nothing trains any more, or the user said so. */
let leaving = false;
let asking = false;

if (app.requestSingleInstanceLock()) void start();
else app.quit();

async function start(): Promise<void> {
  app.on('second-instance', (_, argv, workingFolder) => {
    const folder = projectOf(argv, workingFolder);
    if (folder) void open(folder);
    else focus();
  });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) void open(firstFolder());
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    void quit();
  });
  await app.whenReady();
  refusePermissions(session.defaultSession);
  serveApp(session.defaultSession);
  brokerPorts((contentsId) => studios.get(contentsId));
  setMenu(texts(), { open: () => void choose(), isPackaged: app.isPackaged });
  await open(firstFolder());
}

function texts() {
  return textsFor(app.getLocale());
}

/** The project that the command line names, else the one that everybody begins with. */
function firstFolder(): string {
  const home = join(app.getPath('documents'), 'Matryoshka', 'autoencoder');
  return projectOf(process.argv, process.cwd()) ?? home;
}

/** Opens a project in a window of its own. */
async function open(folder: string): Promise<void> {
  try {
    const studio = await projects.open(folder);
    const window = openWindow(app.getName(), join(app.getPath('userData'), 'window.json'));
    const contentsId = window.webContents.id;
    studios.set(contentsId, studio);
    window.on('close', (event) => {
      const isLast = BrowserWindow.getAllWindows().length === 1;
      const endsApp = isLast && process.platform !== 'darwin';
      if (leaving || !endsApp || !projects.areTraining()) return;
      event.preventDefault();
      void quit();
    });
    window.on('closed', () => studios.delete(contentsId));
  } catch (error) {
    dialog.showErrorBox(texts().cannotOpen, encodeError(error).message);
    if (BrowserWindow.getAllWindows().length === 0) app.quit();
  }
}

/** Lets the user choose a project's folder, and opens it. */
async function choose(): Promise<void> {
  const { filePaths } = await dialog.showOpenDialog({
    properties: ['openDirectory', 'createDirectory'],
  });
  if (filePaths[0] !== undefined) await open(filePaths[0]);
}

function focus(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window?.isMinimized()) window.restore();
  window?.focus();
}

/** Ends the app; while a model trains, only when the user agrees, and after its checkpoint is saved. */
async function quit(): Promise<void> {
  if (asking) return;
  asking = true;
  const agreed = !projects.areTraining() || (await agrees());
  asking = false;
  if (!agreed) return;
  leaving = true;
  await projects.close();
  app.quit();
}

async function agrees(): Promise<boolean> {
  const { stillTraining, ifQuit, keepTraining, stopAndQuit } = texts();
  const { response } = await dialog.showMessageBox({
    type: 'warning',
    message: stillTraining,
    detail: ifQuit,
    buttons: [keepTraining, stopAndQuit],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  });
  return response === 1;
}
