import { utilityProcess } from 'electron';
import { trainerEntry } from '../service/places.ts';
import {
  keepLastWords,
  trainerArguments,
  trainerEnvironment,
  type ProcessExit,
  type TrainerProcess,
} from '../service/trainer-process.ts';

/** Starts a trainer as a utility process of the app. */
export function startUtilityTrainer(entry = trainerEntry, env = {}): TrainerProcess {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Matryoshka Trainer',
    stdio: ['ignore', 'ignore', 'pipe'],
    execArgv: trainerArguments,
    env: trainerEnvironment(env),
  });
  let ended = false;
  let fatal = '';
  const lastWords = keepLastWords(child.stderr);
  const exit = new Promise<ProcessExit>((resolve) => {
    child.on('exit', (code) => {
      ended = true;
      resolve({ code, signal: null });
    });
    child.on('error', (type, location) => (fatal = `${type} at ${location}`));
  });
  return {
    get pid() {
      return child.pid;
    },
    channel: {
      post: (message) => {
        if (!ended) child.postMessage(message);
      },
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void exit.then(listener),
    },
    exit,
    lastWords: () => fatal || lastWords(),
    kill(signal) {
      if (ended) return;
      if (signal === 'SIGTERM' || child.pid === undefined) child.kill();
      else endAtOnce(child.pid);
    },
  };
}

/** Electron itself only asks a process to end. One that has ended a moment before is no error. */
function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
