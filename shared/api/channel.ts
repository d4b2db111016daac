/**
 * Carries messages, in order, between two ends: a process, a socket or a port. A message is a plain value that
 * structured clone can copy; where the transport is text, the channel's maker encodes it (see codec.ts).
 */
export interface Channel {
  /** Sends a message. Throws when it can't be copied; after the channel closed it does nothing. */
  post(message: unknown): void;
  /** Sets what receives the messages. Messages that came before are not lost. */
  onMessage(listener: (message: unknown) => void): void;
  /** Adds what is told, once, when the channel has closed; at once when it already has. */
  onClose(listener: () => void): void;
}
