import { ipcMain, MessageChannelMain, type MessagePortMain } from 'electron';
import type { Channel } from '../../shared/api/channel.ts';
import { ANSWER, ASK } from '../../shared/api/port.ts';
import type { Studio } from '../service/studio.ts';
import { isOurs } from './app-protocol.ts';

/** Gives each page that asks a port to the studio of its window; pages that are not ours get none. */
export function brokerPorts(studioOf: (contentsId: number) => Studio | undefined): void {
  ipcMain.on(ASK, ({ sender, senderFrame }) => {
    const isPage = senderFrame !== null && senderFrame.parent === null && isOurs(senderFrame.url);
    const studio = isPage ? studioOf(sender.id) : undefined;
    if (!studio) return;
    const { port1, port2 } = new MessageChannelMain();
    studio.connect(portChannel(port1));
    senderFrame!.postMessage(ANSWER, null, [port2]);
  });
}

/** A port as a channel. It closes when the page at its other end goes. */
function portChannel(port: MessagePortMain): Channel {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', ({ data }) => listener(data));
      port.start();
    },
    onClose: (listener) => void port.on('close', listener),
  };
}
