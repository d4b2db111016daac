import type { Channel } from '../../shared/api/channel.ts';
import { decodeMessage, encodeMessage } from '../../shared/api/codec.ts';
import { RefusedError } from '../stores/studio.ts';
import { onceClosed } from './closing.ts';

/** WebSocket close code with which the server turns away a wrong token. */
const REFUSED = 4401;

/**
 * The token of this session: from the address (`?token=`), where it is then taken out so that it does not stay on
 * the screen and in the history, or from this tab's storage after a reload.
 */
export function sessionToken(): string {
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given === null) return sessionStorage.getItem('token') ?? '';
  sessionStorage.setItem('token', given);
  address.searchParams.delete('token');
  history.replaceState(history.state, '', address);
  return given;
}

/** The server turned the token away; it will do so again. A browser learns this only after the socket was open. */
let refused = false;

/** Opens a socket to the page's own server. Rejects with a RefusedError for a wrong token, else with an Error. */
export function connectSocket(): Promise<Channel> {
  if (refused) return Promise.reject(new RefusedError('The server does not know this token.'));
  const address = new URL('/socket', location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  address.searchParams.set('token', sessionToken());
  const socket = new WebSocket(address);
  const closing = onceClosed();
  const early: unknown[] = [];
  let listener: ((message: unknown) => void) | null = null;
  socket.onmessage = ({ data }) => {
    const message = decodeMessage(String(data));
    if (listener) listener(message);
    else early.push(message);
  };
  return new Promise((resolve, reject) => {
    socket.onopen = () =>
      resolve({
        post: (message) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(encodeMessage(message));
        },
        onMessage(callback) {
          listener = callback;
          early.splice(0).forEach(callback);
        },
        onClose: closing.add,
      });
    socket.onclose = ({ code }) => {
      refused ||= code === REFUSED;
      reject(new Error('The server does not answer.'));
      closing.close();
    };
  });
}
