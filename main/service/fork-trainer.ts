import { fork, type ChildProcess } from 'node:child_process';
import type { Channel } from '../../shared/api/channel.ts';
import { trainerEntry } from './places.ts';
import {
  keepLastWords,
  trainerArguments,
  trainerEnvironment,
  type ProcessExit,
  type TrainerProcess,
} from './trainer-process.ts';

/** Starts a trainer as a child of this Node process. */
export function forkTrainer(entry = trainerEntry, env = {}): TrainerProcess {
  const child = fork(entry, [], {
    serialization: 'advanced',
    // Its own group where there are groups: Ctrl-C reaches this process alone, which lets the trainer save first.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: trainerArguments,
    env: trainerEnvironment(env),
  });
  const lastWords = keepLastWords(child.stderr);
  let problem = '';
  const exit = new Promise<ProcessExit>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => {
      problem = error.message;
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
  return {
    pid: child.pid,
    channel: childChannel(child),
    exit,
    lastWords: () => problem || lastWords(),
    kill: (signal) => void child.kill(signal),
  };
}

function childChannel(child: ChildProcess): Channel {
  return {
    post: (message) => {
      // The callback takes the error of a child that is just ending; `onClose` tells of that.
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (listener) => void child.on('message', listener),
    onClose: (listener) => {
      if (child.connected) child.on('disconnect', listener);
      else listener();
    },
  };
}
