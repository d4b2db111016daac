import { EventEmitter } from 'node:events';

/** Electron's MessagePortMain: messages wait until the port is started. */
export class MessagePortMain extends EventEmitter {
  /** Where what is posted goes; a port of the page, once its twin was sent there. */
  deliver: (data: unknown) => void = () => {};
  onClose: () => void = () => {};
  private waiting: unknown[] | null = [];
  private closed = false;

  postMessage(data: unknown): void {
    if (!this.closed) this.deliver(structuredClone(data));
  }

  start(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const data of waiting) this.emit('message', { data, ports: [] });
  }

  close(): void {
    if (this.closed) return;
    this.onClose();
    this.disconnect();
  }

  /** Takes what the other end posted. */
  receive(data: unknown): void {
    if (this.closed) return;
    if (this.waiting) this.waiting.push(data);
    else this.emit('message', { data, ports: [] });
  }

  /** The other end is gone. */
  disconnect(): void {
    if (this.closed) return;
    this.closed = true;
    this.emit('close');
  }
}

/** Electron's MessageChannelMain: two ports that are joined. */
export class MessageChannelMain {
  readonly port1 = new MessagePortMain();
  readonly port2 = new MessagePortMain();

  constructor() {
    join(this.port1, this.port2);
    join(this.port2, this.port1);
  }
}

const twins = new WeakMap<MessagePortMain, MessagePortMain>();

function join(from: MessagePortMain, to: MessagePortMain): void {
  twins.set(from, to);
  from.deliver = (data) => setImmediate(() => to.receive(data));
  from.onClose = () => setImmediate(() => to.disconnect());
}

/** The port at the other end, which stays here when a port is sent to a page. */
export function twinOf(port: MessagePortMain): MessagePortMain {
  return twins.get(port)!;
}
