import type { Channel } from '../../shared/api/channel.ts';

/** What Electron gives a utility process; see its `ParentPort`. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * The channel to the process that started this one: as Electron's utility process, or forked by Node.
 * Throws when there is no such process.
 */
export function parentChannel(): Channel {
  const { parentPort } = process as { parentPort?: ParentPort };
  if (parentPort)
    return {
      post: (message) => parentPort.postMessage(message),
      onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
      // Electron ends its utility processes when it ends.
      onClose: () => {},
    };
  const { send } = process;
  if (!send) throw new Error('the trainer is started by the studio, not by hand');
  return {
    // The callback takes the error of a parent that is just ending; `onClose` tells of that.
    post: (message) => void (process.connected && send.call(process, message, () => {})),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.on('disconnect', listener),
  };
}
