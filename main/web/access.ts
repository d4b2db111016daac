import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A new token: 256 random bits, fit for a URL. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether a token is the right one; takes as long for any. */
export function isToken(given: string | null, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(right));
}

/**
 * Whether a request names this machine itself as its host, and comes from a page of this server or from no page. So a
 * site whose name is made to point here (DNS rebinding) gets nothing, nor does a page that connects from elsewhere.
 */
export function isLocal({ headers, socket }: IncomingMessage): boolean {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${socket.localPort}`);
  if (!hosts.includes(headers.host?.toLowerCase() ?? '')) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host?.toLowerCase()}`;
}
