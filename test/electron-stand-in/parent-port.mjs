// Gives a forked process what Electron gives a utility process: `process.parentPort`, whose messages wait for the
// first listener, and no `process.send`. Such a process can't fork, and knows it by these names.
import { EventEmitter } from 'node:events';

const send = process.send.bind(process);
process.send = undefined;
const port = new EventEmitter();
port.postMessage = (message) => send(message, () => {});
port.once('newListener', () =>
  process.nextTick(() =>
    process.on('message', (data) => port.emit('message', { data, ports: [] })),
  ),
);
process.on('disconnect', () => process.exit());
process.channel.ref();
process.parentPort = port;
process.type = 'utility';
const versions = { ...process.versions, electron: '45.4.1' };
Object.defineProperty(process, 'versions', { value: versions });
