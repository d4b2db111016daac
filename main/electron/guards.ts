import { shell, type App, type Session, type WebContents } from 'electron';
import { isOurs } from './app-protocol.ts';

/** The sites that a link in the studio may open in the browser. */
const knownSites = ['keras.io', 'github.com', 'onnxruntime.ai', 'www.tensorflow.org'];

/** Refuses whatever asks for a permission of the browser, but for notifications at a run's end. */
export function refusePermissions(session: Session): void {
  const isNeeded = (permission: string) => permission === 'notifications';
  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(isNeeded(permission) && isOurs(contents.getURL())),
  );
  session.setPermissionCheckHandler(
    (contents, permission) =>
      isNeeded(permission) && contents !== null && isOurs(contents.getURL()),
  );
  session.setDevicePermissionHandler(() => false);
}

/** Keeps every page at home: no navigation elsewhere, no new windows, no pages inside pages. */
export function guardContents(app: App): void {
  app.on('web-contents-created', (_, contents) => {
    const stayHome = (event: { url: string; preventDefault(): void }) => {
      if (!isOurs(event.url)) event.preventDefault();
    };
    contents.on('will-navigate', stayHome);
    contents.on('will-redirect', stayHome);
    contents.on('will-frame-navigate', stayHome);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      openOutside(url, contents);
      return { action: 'deny' };
    });
  });
}

function openOutside(url: string, contents: WebContents): void {
  if (!isOurs(contents.getURL()) || !URL.canParse(url)) return;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' && knownSites.includes(hostname)) void shell.openExternal(url);
}
