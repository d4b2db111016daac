import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeError } from '../../shared/api/errors.ts';
import { securityHeaders } from '../service/renderer-files.ts';
import type { Studio } from '../service/studio.ts';

/** Where the contents of offered files are sent: `/upload/<upload>/<ticket>`. */
const address = /^\/upload\/([0-9a-f]{16,64})\/(\d{1,12})$/;

/** The upload and the ticket that a path names; null when it is no such path. */
export function uploadOf(path: string): { id: string; ticket: number } | null {
  const found = address.exec(path);
  return found && { id: found[1]!, ticket: Number(found[2]) };
}

/** Takes a delivery of an upload in as it comes; answers 204, or 400 with the error as JSON. */
export async function answerUpload(
  studio: Studio,
  { id, ticket }: { id: string; ticket: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await studio.receiveUpload(id, ticket, request);
    response.writeHead(204, securityHeaders).end();
  } catch (error) {
    if (response.destroyed) return;
    // What is still coming is not read.
    response
      .writeHead(400, {
        ...securityHeaders,
        'content-type': 'application/json',
        connection: 'close',
      })
      .end(JSON.stringify(encodeError(error)));
  }
}
