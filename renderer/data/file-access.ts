import { inject, type InjectionKey } from 'vue';

/** How a host gets at the files that a person drops or chooses. */
export interface FileAccess {
  /** Where files lie on the service's machine, one path a file; null where only the browser can read them. */
  paths(files: readonly File[]): Promise<string[]> | null;
  /** Sends the contents of the wanted files of an upload's ticket. Rejects with an Error that says why not. */
  deliver(upload: string, ticket: number, contents: Blob, signal: AbortSignal): Promise<void>;
}

export const fileAccessKey: InjectionKey<FileAccess> = Symbol('files');

/** The files of this window's host. */
export function useFileAccess(): FileAccess {
  return inject(fileAccessKey)!;
}
