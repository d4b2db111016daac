import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** A file of the renderer, ready to be answered. */
export interface RendererFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/**
 * The file of the renderer at a URL's path; `/` is index.html. Null when there is none, and for a path that leads out
 * of the folder or is badly encoded.
 */
export async function rendererFile(folder: string, pathname: string): Promise<RendererFile | null> {
  const name = decoded(pathname === '/' ? '/index.html' : pathname);
  if (name === null) return null;
  const file = join(folder, name);
  if (!file.startsWith(folder + sep)) return null;
  const type = types[extname(file).toLowerCase()];
  if (!type) return null;
  const bytes = await readFile(file).catch(() => null);
  if (!bytes) return null;
  // What the bundler puts in assets/ has a hash in its name; the rest may be another file tomorrow.
  const lasting = name.startsWith('/assets/');
  return {
    bytes: new Uint8Array(bytes),
    headers: {
      'content-type': type,
      'cache-control': lasting ? 'public, max-age=31536000, immutable' : 'no-store',
    },
  };
}

/** Headers for every answer: nothing is loaded from elsewhere, and nothing elsewhere can frame or read the page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function decoded(pathname: string): string | null {
  try {
    const name = decodeURIComponent(pathname);
    return /[\0\\:]/.test(name) ? null : name;
  } catch {
    return null;
  }
}
