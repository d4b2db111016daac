import type { Channel } from '../../shared/api/channel.ts';
import { ANSWER, APP_HOST, ASK } from '../../shared/api/port.ts';
import { onceClosed } from './closing.ts';

/** Whether this page runs in the desktop app. */
export function hasPort(): boolean {
  return location.host === APP_HOST;
}

/** Asks for a port to the service and wraps it; it closes when the service or its process ends. */
export function connectPort(): Promise<Channel> {
  return new Promise((resolve) => {
    const receive = (event: MessageEvent<unknown>): void => {
      const port = event.ports[0];
      if (event.source !== window || event.data !== ANSWER || !port) return;
      window.removeEventListener('message', receive);
      resolve(portChannel(port));
    };
    window.addEventListener('message', receive);
    window.postMessage(ASK, location.origin);
  });
}

function portChannel(port: MessagePort): Channel {
  const closing = onceClosed();
  port.addEventListener('close', closing.close);
  return {
    post: (message) => port.postMessage(message),
    onMessage(callback) {
      // A port queues messages until it starts, so none is lost.
      port.onmessage = ({ data }) => callback(data);
    },
    onClose: closing.add,
  };
}
