import { ipcRenderer, webUtils } from 'electron';
import { ANSWER, ASK, PATHS } from '../../shared/api/port.ts';

// All that a page can do here: ask for a port to the service and be handed it, and ask where files lie that it holds.
window.addEventListener('message', ({ source, origin, data, ports }: MessageEvent<unknown>) => {
  if (source !== window || origin !== location.origin) return;
  if (data === ASK) ipcRenderer.send(ASK);
  else if (isPathsQuestion(data)) ports[0]?.postMessage(data.files.map(pathOf));
});
ipcRenderer.on(ANSWER, ({ ports }) => window.postMessage(ANSWER, location.origin, ports));

function isPathsQuestion(data: unknown): data is { files: readonly unknown[] } {
  const { type, files } = (data ?? {}) as { type?: unknown; files?: unknown };
  return type === PATHS && Array.isArray(files);
}

/** A file that a person dropped or chose has a path; one that the page made has none. */
function pathOf(file: unknown): string {
  return file instanceof File ? webUtils.getPathForFile(file) : '';
}
