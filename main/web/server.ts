import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { StudioError } from '../../shared/api/errors.ts';
import { rendererFolder } from '../service/places.ts';
import { rendererFile, securityHeaders } from '../service/renderer-files.ts';
import type { Studio } from '../service/studio.ts';
import { isLocal, isToken, newToken } from './access.ts';
import { answerDownload } from './download.ts';
import { socketChannel } from './socket-channel.ts';
import { answerUpload, uploadOf } from './upload.ts';

/** Closes a socket whose token is wrong; the page shows that its address is no longer valid. */
const WRONG_TOKEN = 4401;
const GOING_AWAY = 1001;

/** The largest message that a window may send, in bytes: a project's model with room to spare. */
const LARGEST_MESSAGE = 16 * 1024 * 1024;

/** The studio as a web server on this machine. */
export interface WebHost {
  /** Where a browser opens the studio, with the token that lets it in. */
  readonly url: string;
  /** Lets go of all windows and stops listening; runs are the studio's and go on. */
  close(): Promise<void>;
}

/**
 * Serves the studio to browsers on this machine: the renderer's files, and for whoever has the token the service at
 * `/socket` and its uploads at `/upload/`. Listens on 127.0.0.1 alone, on the port given or a free one. Throws a
 * StudioError when the port is taken or the renderer is not built.
 */
export async function serveWeb(
  studio: Studio,
  { port = 0, folder = rendererFolder }: { port?: number; folder?: string } = {},
): Promise<WebHost> {
  if (!existsSync(join(folder, 'index.html')))
    throw new StudioError('NOT_BUILT', `the studio's pages are not built: ${folder} is missing`);
  const token = newToken();
  const server = createServer((request, response) => {
    const upload = request.method === 'POST' ? uploadOf(addressOf(request).path) : null;
    if (!upload) return void answer(studio, folder, request, response);
    const given = /^Bearer ([\w-]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
    if (isLocal(request) && isToken(given, token))
      return void answerUpload(studio, upload, request, response);
    response.writeHead(403, { ...securityHeaders, connection: 'close' }).end();
  });
  // A large file on a slow disk takes its time.
  server.requestTimeout = 0;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE });
  server.on('upgrade', (request, connection, head) => {
    connection.on('error', () => connection.destroy());
    const { path, query } = addressOf(request);
    if (!isLocal(request) || path !== '/socket') {
      connection.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      // A browser learns the reason only from a socket that was opened first.
      if (isToken(query.get('token'), token)) studio.connect(socketChannel(socket));
      else socket.close(WRONG_TOKEN, 'wrong token');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StudioError(
              'PORT_TAKEN',
              `port ${port} is taken; name another, or none for a free one`,
            )
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}/?token=${token}`,
    async close() {
      for (const socket of sockets.clients) {
        socket.close(GOING_AWAY, 'the studio was closed');
        setTimeout(() => socket.terminate(), 500).unref();
      }
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      });
    },
  };
}

async function answer(
  studio: Studio,
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const plain = (status: number, text: string, headers = {}) =>
    response
      .writeHead(status, { ...securityHeaders, 'content-type': 'text/plain', ...headers })
      .end(text);
  if (!isLocal(request)) return void plain(403, 'Only this machine may ask.');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return void plain(405, 'Only GET and HEAD are known.', { allow: 'GET, HEAD' });
  const download = /^\/download\/([\w-]+)$/.exec(addressOf(request).path);
  if (download) return answerDownload(studio, download[1]!, request, response);
  const file = await rendererFile(folder, addressOf(request).path);
  if (!file) return void plain(404, 'There is no such file.');
  response.writeHead(200, {
    ...securityHeaders,
    ...file.headers,
    'content-length': file.bytes.length,
  });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

/** What a request asks for, as it is written: nothing in the path is resolved or decoded. */
function addressOf({ url = '' }: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = url.split('?', 2);
  return { path, query: new URLSearchParams(query) };
}
