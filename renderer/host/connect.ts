import type { Channel } from '../../shared/api/channel.ts';
import type { StudioListener } from '../../shared/api/contract.ts';
import { createStudioClient } from '../../shared/api/rpc.ts';
import type { Link } from '../stores/studio.ts';
import { connectPort, hasPort } from './electron.ts';
import { connectSocket } from './web.ts';

/** A channel to the service: the desktop app's port, or else a socket to the server that gave this page. */
function connectHost(): Promise<Channel> {
  return hasPort() ? connectPort() : connectSocket();
}

/** A connection to the service, for the studio's store. */
export async function connectStudio(listener: StudioListener): Promise<Link> {
  const channel = await connectHost();
  return {
    service: createStudioClient(channel, listener),
    onClose: (callback) => channel.onClose(callback),
  };
}
