// Runs in each new document before anything else: stands for `ipcRenderer` and runs the preload script, whose text
// the main process puts in PRELOAD's place.
import { decodeMessage, encodeMessage } from '../../shared/api/codec.ts';
import { DROPPED, TO_MAIN, TO_PAGE, type FromPage, type ToPage } from './wire.ts';

declare const PRELOAD: (
  require: (name: string) => unknown,
  module: object,
  exports: object,
) => void;

type Listener = (event: { ports: MessagePort[] }, ...args: unknown[]) => void;

const world = window as unknown as Record<string, (text: string) => void>;
const listeners: [channel: string, listener: Listener][] = [];
const ports = new Map<number, MessagePort>();
const toMain = (message: FromPage) => world[TO_MAIN]!(encodeMessage(message));

/** Our end of a pair of ports, of which the page gets the other. */
function portToPage(id: number): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => toMain({ type: 'port', id, data });
  port1.addEventListener('close', () => toMain({ type: 'close', id }));
  ports.set(id, port1);
  return port2;
}

world[TO_PAGE] = (text) => {
  const message = decodeMessage(text) as ToPage;
  if (message.type === 'port') ports.get(message.id)?.postMessage(message.data);
  else if (message.type === 'close') ports.get(message.id)?.close();
  else {
    const event = { ports: message.ports.map(portToPage) };
    for (const [channel, listener] of listeners)
      if (channel === message.channel) listener(event, message.message);
  }
};

/** Where the files lie that the test dropped on the page: only a browser's own drop would tell. */
function getPathForFile(file: File): string {
  const dropped = (window as unknown as Record<string, Record<string, string>>)[DROPPED] ?? {};
  return dropped[file.name] ?? '';
}

if (window.top === window) {
  toMain({ type: 'document' });
  const ipcRenderer = {
    send: (channel: string, ...args: unknown[]) => toMain({ type: 'send', channel, args }),
    on: (channel: string, listener: Listener) => void listeners.push([channel, listener]),
  };
  const module = { exports: {} };
  PRELOAD(
    (name) => {
      if (name !== 'electron') throw new Error(`a sandboxed preload script can't load ${name}`);
      return { ipcRenderer, webUtils: { getPathForFile } };
    },
    module,
    module.exports,
  );
}
