import { createHash } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SetupError, root, run, step } from './steps.mjs';

const modules = join(root, 'node_modules');

/**
 * The two builds: what each reads, the tool that makes it, and a stamp that holds the hash of what it was made from.
 */
const parts = [
  {
    title: 'Building the studio and its trainer (rolldown)',
    sources: ['shared', 'main', 'assets/templates', 'rolldown.config.ts', 'package-lock.json'],
    tool: ['rolldown/bin/cli.mjs', '--config', 'rolldown.config.ts', '--logLevel', 'warn'],
    stamp: join(root, 'dist/main.sha256'),
  },
  {
    title: 'Building the screens (vite)',
    sources: ['shared', 'renderer', 'assets', 'vite.config.ts', 'package-lock.json'],
    tool: ['vite/bin/vite.js', 'build', '--logLevel', 'warn'],
    stamp: join(root, 'dist/renderer.sha256'),
  },
];

/** Builds what is older than its sources, or everything; waits while another process builds. */
export async function ensureBuilt({ force = false } = {}) {
  const isStale = (/** @type {typeof parts[0]} */ part) =>
    force || read(part.stamp) !== hash(part.sources);
  if (!parts.some(isStale)) return;
  await exclusively(async () => {
    for (const part of parts.filter(isStale)) {
      const sources = hash(part.sources);
      const [script = '', ...args] = part.tool;
      rmSync(part.stamp, { force: true });
      await step(part.title, () =>
        run(process.execPath, [join(modules, script), ...args]).catch((error) => {
          throw new SetupError(`The build failed:\n${error.message.replace(/\n +at .*/g, '')}`);
        }),
      );
      writeFileSync(part.stamp, sources);
    }
  });
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** One hash over the names and the bytes of files and folders. @param {readonly string[]} paths */
function hash(paths) {
  const digest = createHash('sha256');
  const visit = (/** @type {string} */ path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isDirectory())
      for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`);
    else if (stat) digest.update(`${path}\0${stat.size}\0`).update(readFileSync(join(root, path)));
  };
  paths.forEach(visit);
  return digest.digest('hex');
}

/**
 * Does something while no other process does: the lock is a file that holds its owner's process id.
 * @param {() => Promise<void>} action
 */
async function exclusively(action) {
  const lock = join(modules, '.cache/matryoshka/build.lock');
  const claim = `${lock}.${process.pid}`;
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(claim, String(process.pid));
  try {
    while (!taken(claim, lock)) {
      if (isAlive(Number(read(lock)))) await wait(100);
      else rmSync(lock, { force: true });
    }
    await action();
  } finally {
    if (read(lock) === String(process.pid)) rmSync(lock, { force: true });
    rmSync(claim, { force: true });
  }
}

/** Links the claim to the lock's name, which only one can do at a time. @param {string} claim @param {string} lock */
function taken(claim, lock) {
  try {
    linkSync(claim, lock);
    return true;
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
