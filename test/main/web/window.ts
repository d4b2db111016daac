import { once } from 'node:events';
import { WebSocket } from 'ws';
import { socketChannel } from '../../../main/web/socket-channel.ts';
import type { StudioListener } from '../../../shared/api/contract.ts';
import { createStudioClient } from '../../../shared/api/rpc.ts';

/** A window that does nothing with what it is told. */
export const quiet: StudioListener = {
  runEvents: () => {},
  runChanged: () => {},
  projectChanged: () => {},
  importChanged: () => {},
  datasetsChanged: () => {},
  deviceUsage: () => {},
  enginesTried: () => {},
};

/** Connects to a studio as a window does, over a real socket. */
export async function openWindow(url: string, listener = quiet) {
  const address = new URL(url);
  address.protocol = 'ws:';
  address.pathname = '/socket';
  const socket = new WebSocket(address, { origin: new URL(url).origin });
  const closed = once(socket, 'close');
  // Listens before the socket opens, as a page does: the first message may come with the opening.
  const service = createStudioClient(socketChannel(socket), listener);
  await once(socket, 'open');
  return { service, socket, closed, close: () => socket.close() };
}
