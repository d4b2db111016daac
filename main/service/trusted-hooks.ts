import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallbackSetting, CallbackSettingOf } from '../../shared/keras/callbacks/settings.ts';
import { dataFolder } from '../data/data-folder.ts';
import { writeFileAtomic } from '../formats/atomic.ts';

/** What acts outside of the run: a project from elsewhere must not do so unless a person here said it. */
export type Hook = CallbackSettingOf<'Command'> | CallbackSettingOf<'Webhook'>;

/** Hooks that are remembered. */
const MOST = 1000;

const file = () => join(dataFolder(), 'trusted-hooks.json');

/** Remembers, for this user, the hooks that a person here put among callbacks which were others before. */
export async function trustHooks(
  callbacks: readonly CallbackSetting[],
  before: readonly CallbackSetting[],
): Promise<void> {
  const old = before.filter(isHook).map(printOf);
  const prints = callbacks
    .filter(isHook)
    .map(printOf)
    .filter((print) => !old.includes(print));
  if (prints.length === 0) return;
  const known = await trusted();
  const added = prints.filter((print) => !known.includes(print));
  if (added.length > 0)
    await writeFileAtomic(file(), `${JSON.stringify([...known, ...added].slice(-MOST))}\n`);
}

/** Whether a person of this machine set this very hook. */
export async function isTrusted(hook: Hook): Promise<boolean> {
  return (await trusted()).includes(printOf(hook));
}

/** Whether a callback acts outside of the run. */
function isHook({ class_name }: CallbackSetting): boolean {
  return class_name === 'Command' || class_name === 'Webhook';
}

function printOf(hook: CallbackSetting): string {
  const entries = Object.entries(hook.config).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([hook.class_name, entries]))
    .digest('hex');
}

async function trusted(): Promise<string[]> {
  try {
    const list: unknown = JSON.parse(await readFile(file(), 'utf8'));
    return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
