import { MessageChannel } from 'node:worker_threads';

const { port1: nowhere } = new MessageChannel();
nowhere.close();

/**
 * Gives the memory of buffers back at once, which the garbage collector would do some steps later; they are detached:
 * of length 0 from now on. A message to a closed port takes what is transferred with it, and is dropped (HTML standard,
 * "message port post message steps").
 */
export function freeBuffers(buffers: readonly ArrayBuffer[]): void {
  nowhere.postMessage(null, [...buffers]);
}
