import { protocol, type Session } from 'electron';
import { APP_HOST } from '../../shared/api/port.ts';
import { rendererFolder } from '../service/places.ts';
import { rendererFile, securityHeaders } from '../service/renderer-files.ts';

/** Where the pages of the app are: an origin of their own. */
export const appUrl = `app://${APP_HOST}/`;

/** Whether an address is one of our pages. */
export function isOurs(url: string): boolean {
  return URL.canParse(url) && url.startsWith(appUrl);
}

/** Makes `app:` a scheme like https. To be called before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

/** Answers `app://studio/` with the renderer's files, and nothing else. */
export function serveApp(session: Session): void {
  session.protocol.handle('app', async ({ url, method }) => {
    const { host, pathname } = new URL(url);
    const file =
      host === APP_HOST && method === 'GET' ? await rendererFile(rendererFolder, pathname) : null;
    if (!file)
      return new Response('There is no such file.', { status: 404, headers: securityHeaders });
    return new Response(file.bytes, { headers: { ...securityHeaders, ...file.headers } });
  });
}
