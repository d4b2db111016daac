import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() });

/** Where a window was, and whether it filled the screen. */
const windowState = z.object({ bounds: rectangle, maximized: z.boolean() });

export type Rectangle = z.infer<typeof rectangle>;
export type WindowState = z.infer<typeof windowState>;

/** The smallest window in which the studio works. */
export const smallest = { width: 1024, height: 700 };

/** What was remembered in a file; null when nothing was, or when it lies on no screen that is there now. */
export function recallWindow(file: string, screens: readonly Rectangle[]): WindowState | null {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
  const { success, data: state } = windowState.safeParse(data);
  if (!success || !screens.some((screen) => overlap(state.bounds, screen) >= 100)) return null;
  return state;
}

/** Remembers a window in a file. A disk that refuses costs the memory, no more. */
export function rememberWindow(file: string, state: WindowState): void {
  try {
    writeFileSync(file, JSON.stringify(state));
  } catch {
    // The window opens at its usual place next time.
  }
}

/** How far two rectangles lie over each other, in their narrower direction. */
function overlap(a: Rectangle, b: Rectangle): number {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.min(across, down);
}
