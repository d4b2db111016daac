import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { securityHeaders } from '../service/renderer-files.ts';
import type { Studio } from '../service/studio.ts';

/** Sends the file of a ticket, to be saved under its name; 404 for a ticket that is not good any more. */
export async function answerDownload(
  studio: Studio,
  ticket: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const found = await studio.findDownload(ticket).catch(() => null);
  if (!found) {
    response.writeHead(404, { ...securityHeaders, 'content-type': 'text/plain' });
    response.end('There is no such file any more; export it again.');
    return;
  }
  response.writeHead(200, {
    ...securityHeaders,
    'content-type': 'application/octet-stream',
    'content-length': found.bytes,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
    'cache-control': 'no-store',
  });
  if (request.method === 'HEAD') response.end();
  // A browser that breaks off ends the sending, and that is all.
  else await pipeline(found.open(), response).catch(() => response.destroy());
}
