import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';

/** The utility processes that live. */
export const utilities = new Set<ChildProcess>();

class UtilityProcess extends EventEmitter {
  readonly stderr: NodeJS.ReadableStream | null;
  /** As Electron has it: none before the process has started and after it has ended. */
  pid: number | undefined;
  private readonly child: ChildProcess;

  constructor(modulePath: string, args: string[], options: Electron.ForkOptions) {
    super();
    const [, stdout = 'inherit', stderr = 'inherit'] = options.stdio ?? [];
    const kind = (wanted: string) => wanted as 'ignore' | 'pipe' | 'inherit';
    this.child = fork(modulePath, args, {
      serialization: 'advanced',
      execArgv: ['--import', pathToFileURL(process.env['STAND_IN_PARENT_PORT']!).href],
      stdio: ['ignore', kind(stdout), kind(stderr), 'ipc'],
      env: options.env as NodeJS.ProcessEnv,
    });
    this.stderr = this.child.stderr;
    utilities.add(this.child);
    this.child.on('spawn', () => {
      this.pid = this.child.pid;
      this.emit('spawn');
    });
    this.child.on('message', (message) => this.emit('message', message));
    this.child.on('exit', (code, signal) => {
      utilities.delete(this.child);
      this.pid = undefined;
      this.emit('exit', code ?? (signal === 'SIGKILL' ? 9 : 15));
    });
  }

  postMessage(message: unknown): void {
    this.child.send(message as object, () => {});
  }

  kill(): boolean {
    return this.child.kill();
  }
}

let ready = false;

/** From now on, processes can be started. */
export function allowUtilities(): void {
  ready = true;
}

export const utilityProcess = {
  fork(modulePath: string, args: string[] = [], options: Electron.ForkOptions = {}) {
    if (!ready) throw new Error('utilityProcess cannot be created before app is ready.');
    return new UtilityProcess(modulePath, args, options);
  },
};
