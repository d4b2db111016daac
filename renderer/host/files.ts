import { PATHS } from '../../shared/api/port.ts';
import { decodeError } from '../../shared/api/errors.ts';
import type { FileAccess } from '../data/file-access.ts';
import { hasPort } from './electron.ts';
import { sessionToken } from './web.ts';

/** Files as this page's host gets at them: by their paths in the desktop app, else by sending them to the server. */
export const fileAccess: FileAccess = {
  paths: (files) => (hasPort() ? askPaths(files) : null),
  async deliver(upload, ticket, contents, signal) {
    const response = await fetch(`/upload/${upload}/${ticket}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${sessionToken()}`,
        'content-type': 'application/octet-stream',
      },
      body: contents,
      signal,
    });
    if (response.ok) return;
    const reason: unknown = await response.json().catch(() => new Error(response.statusText));
    throw decodeError(reason);
  },
};

/** Asks the preload script where files lie. */
async function askPaths(files: readonly File[]): Promise<string[]> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<string[]>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as string[]);
  });
  window.postMessage({ type: PATHS, files }, location.origin, [port2]);
  const paths = await answer;
  port1.close();
  return paths;
}
