import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../../shared/api/message.ts';
import { readHdf5, writeHdf5 } from './hdf5.ts';
import type { H5Group, H5Reply, H5Request } from './tree.ts';

/**
 * The thread that reads and writes HDF5 files: the library that does is C, and what a hostile file makes of it, an
 * endless loop or a crash, ends here.
 */
parentPort!.on('message', (request: H5Request) => void answer(request));

async function answer(request: H5Request): Promise<void> {
  const reply = await replyTo(request).catch((error: unknown): H5Reply => ({
    error: messageOf(error),
  }));
  const tensors = 'group' in reply ? buffersOf(reply.group) : [];
  parentPort!.postMessage(reply, 'bytes' in reply ? [reply.bytes.buffer] : tensors);
}

async function replyTo(request: H5Request): Promise<H5Reply> {
  return 'read' in request
    ? { group: await readHdf5(request.read) }
    : { bytes: await writeHdf5(request.write) };
}

function buffersOf({ groups, tensors }: H5Group): ArrayBuffer[] {
  return [
    ...Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer),
    ...Object.values(groups).flatMap(buffersOf),
  ];
}
