import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** The folder of the project. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What the set-up remembers; `npm ci` clears it together with what it describes. */
const memory = join(root, 'node_modules/.cache/matryoshka');

/** Something the set-up can't do without: its message is all that a person needs to see. */
export class SetupError extends Error {}

/** Says something on the set-up's own channel, so that standard output stays the command's. @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Does one step of the set-up and says what and how long: one line.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(title, action) {
  const start = performance.now();
  process.stderr.write(`${title} ... `);
  try {
    const result = await action();
    say(`${((performance.now() - start) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    say(`failed after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    throw error;
  }
}

/**
 * Runs a program quietly in the project's folder. Fails with what it printed (its end) when it ends badly, and after
 * `seconds` when they are given: then it is killed with all it started.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, seconds?: number }} [options]
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, { env = {}, seconds } = {}) {
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: seconds !== undefined && !windows,
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const kill = () => {
      if (windows) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f']);
      else if (child.pid) process.kill(-child.pid, 'SIGKILL');
    };
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => {
            output += `\nstopped after ${seconds} s`;
            kill();
          }, seconds * 1000);
    const interrupted = () => {
      kill();
      process.exit(130);
    };
    if (seconds !== undefined) process.once('SIGINT', interrupted);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.removeListener('SIGINT', interrupted);
      if (code === 0) resolve(output);
      else reject(new Error(stripVTControlCharacters(output).trim()));
    });
  });
}

/** The last lines of a text. @param {string} text @param {number} count */
export const tail = (text, count) => text.trim().split('\n').slice(-count).join('\n');

/**
 * Runs a tool of node_modules with this terminal, and gives its exit code.
 * @param {string} script its file in node_modules
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>}
 */
export async function runTool(script, args, env = {}) {
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/**
 * Runs npm: the very one that runs this script, when one does.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.[cm]?js$/.test(cli)) return run(process.execPath, [cli, ...args], options);
  return process.platform === 'win32'
    ? run('cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options)
    : run('npm', args, options);
}

/**
 * What the set-up remembered under this name; undefined when nothing. @param {string} name
 * @returns {unknown}
 */
export function remembered(name) {
  try {
    return JSON.parse(readFileSync(join(memory, `${name}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} name @param {unknown} value */
export function remember(name, value) {
  mkdirSync(memory, { recursive: true });
  writeFileSync(join(memory, `${name}.json`), `${JSON.stringify(value)}\n`);
}

/**
 * Runs a command of the set-up: a SetupError ends it with its message alone.
 * @param {() => Promise<number | void>} command gives the exit code, or nothing where that is settled already
 */
export async function main(command) {
  try {
    const code = await command();
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
