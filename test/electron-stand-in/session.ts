import type { Route } from 'playwright-core';
import { theBrowser, toApp } from './browser.ts';

type Handler = (request: Request) => Response | Promise<Response>;
type PermissionHandler = (
  contents: { getURL(): string },
  permission: string,
  answer: (granted: boolean) => void,
) => void;

const handlers = new Map<string, Handler>();
const privileged = new Set<string>();
let permissionHandler: PermissionHandler | null = null;

export const protocol = {
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    for (const { scheme, privileges } of schemes)
      if (privileges?.standard && privileges.secure) privileged.add(scheme);
  },
  handle(scheme: string, handler: Handler): void {
    if (!privileged.has(scheme)) throw new Error(`${scheme} was not registered as a safe scheme`);
    handlers.set(scheme, handler);
  },
};

export const session = {
  defaultSession: {
    protocol,
    setPermissionRequestHandler: (handler: PermissionHandler) => void (permissionHandler = handler),
    setPermissionCheckHandler: (_handler: unknown) => {},
    setDevicePermissionHandler: (_handler: unknown) => {},
  },
};

/** What the app answers to a page that asks for a permission. Electron grants everything to an app that does not say. */
export function askPermission(name: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (permissionHandler) permissionHandler({ getURL: () => url }, name, resolve);
    else resolve(true);
  });
}

/** Answers a request of Chromium with what the app's handler gives; there is nothing else. */
export async function answer(route: Route): Promise<void> {
  const request = route.request();
  const url = toApp(request.url());
  const handler = handlers.get(new URL(url).protocol.slice(0, -1));
  if (!handler) return route.abort('blockedbyclient').catch(() => {});
  const response = await handler(new Request(url, { method: request.method() }));
  const body = Buffer.from(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  // A page that is closed meanwhile wants no answer.
  await route.fulfill({ status: response.status, headers, body }).catch(() => {});
}

/** No page gets anything but what the app gives it. `opens` is told where pages lead that are no window's. */
export async function closeNetwork(opens: (url: string) => void): Promise<void> {
  await (
    await theBrowser()
  ).route('**/*', (route) => {
    if (route.request().isNavigationRequest()) opens(toApp(route.request().url()));
    return answer(route);
  });
}
