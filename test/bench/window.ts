import { WebSocket } from 'ws';
import type { Channel } from '../../shared/api/channel.ts';
import { decodeMessage, encodeMessage } from '../../shared/api/codec.ts';

/** A window's socket to a studio that is served at this address. */
export interface WindowSocket {
  readonly channel: Channel;
  /** From now on nothing is read of it, as from a window that hangs. */
  pause(): void;
  close(): void;
}

export function socketTo(url: string): Promise<WindowSocket> {
  const address = new URL(url);
  address.protocol = 'ws:';
  address.pathname = '/socket';
  const socket = new WebSocket(address);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () =>
      resolve({
        channel: {
          post: (message) =>
            socket.readyState === socket.OPEN && socket.send(encodeMessage(message)),
          onMessage: (listener) =>
            void socket.on('message', (data: Buffer) => listener(decodeMessage(data.toString()))),
          onClose: (listener) => void socket.on('close', listener),
        },
        pause: () => socket.pause(),
        close: () => socket.close(),
      }),
    );
  });
}
