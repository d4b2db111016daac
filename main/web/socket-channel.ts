import type { WebSocket } from 'ws';
import type { Channel } from '../../shared/api/channel.ts';
import { decodeMessage, encodeMessage } from '../../shared/api/codec.ts';

/** WebSocket's own codes for what a client did wrong. */
const NOT_TEXT = 1003;
const MALFORMED = 1007;

/** A client that has not taken so many bytes is cut off; it connects again when it reads again. */
const BACKLOG = 64 * 1024 * 1024;

/** How often a client must show that it is there, in ms. */
const PING = 20_000;

/** A socket as a channel of text messages. It closes when the client sends anything else, or is gone without a word. */
export function socketChannel(socket: WebSocket): Channel {
  let alive = true;
  socket.on('pong', () => (alive = true));
  const watch = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, PING);
  socket.on('close', () => clearInterval(watch));
  // An error is followed by `close`, which is what counts.
  socket.on('error', () => {});
  return {
    post(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > BACKLOG) return socket.terminate();
      socket.send(encodeMessage(message));
    },
    onMessage(listener) {
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) return socket.close(NOT_TEXT, 'expected text');
        let message: unknown;
        try {
          message = decodeMessage(data.toString());
        } catch {
          return socket.close(MALFORMED, 'malformed message');
        }
        listener(message);
      });
    },
    onClose: (listener) => void socket.on('close', listener),
  };
}
