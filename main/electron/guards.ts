import { shell, type App, type Session, type WebContents } from 'electron';
import { isOurs } from './app-protocol.ts';

/** The sites that a link in the studio may open in the browser. */
const knownSites = ['keras.io', 'github.com', 'onnxruntime.ai', 'www.tensorflow.org'];

/** Refuses whatever asks for a permission of the browser: the studio needs none. */
export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
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
