import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Entry } from './entry.ts';

type Found = NonNullable<Awaited<ReturnType<Entry['read']>>>;

/** Entries of other sources in the same layout: what they decoded can be copied. */
export interface Donors {
  find(quick: Buffer): Promise<Found | null>;
  findContent(content: Buffer): Promise<Found | null>;
  close(): Promise<void>;
}

/** How many entries are asked: those that were used last. */
const ASKED = 4;

/** The entries that can give to this one; they are opened at the first question. */
export async function openDonors(cache: string, entry: Entry): Promise<Donors> {
  let opened: Promise<Entry[]> | null = null;
  const open = async () => {
    const entries: Entry[] = [];
    for (const folder of await relatives(cache, entry.folder)) {
      const found = await Entry.open(folder, entry.layout, 'read').catch(() => null);
      if (found) entries.push(found);
    }
    return entries;
  };
  const first = async (numberIn: (donor: Entry) => number | undefined): Promise<Found | null> => {
    for (const donor of await (opened ??= open())) {
      const record = numberIn(donor);
      const found = record === undefined ? null : await donor.read(record);
      if (found) return found;
    }
    return null;
  };
  return {
    find: (quick) => first((donor) => donor.find(quick)),
    findContent: (content) => first((donor) => donor.findContent(content)),
    async close() {
      for (const donor of (await opened) ?? []) await donor.close();
    },
  };
}

/** Folders of the same layout but another source, the last used first. */
async function relatives(cache: string, own: string): Promise<string[]> {
  const [layout] = basename(own).split('.');
  const names = (await readdir(cache)).filter(
    (name) => name.startsWith(`${layout}.`) && !name.endsWith('.lock') && name !== basename(own),
  );
  const folders = await Promise.all(
    names.map(async (name) => {
      const folder = join(cache, name);
      const used = await stat(folder).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { folder, used };
    }),
  );
  return folders
    .sort((a, b) => b.used - a.used)
    .slice(0, ASKED)
    .map(({ folder }) => folder);
}
