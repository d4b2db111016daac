import { ipcRenderer } from 'electron';
import { ANSWER, ASK } from '../../shared/api/port.ts';

// All that a page can do here: ask for a port to the service, and be handed it.
window.addEventListener('message', ({ source, origin, data }) => {
  if (source === window && origin === location.origin && data === ASK) ipcRenderer.send(ASK);
});
ipcRenderer.on(ANSWER, ({ ports }) => window.postMessage(ANSWER, location.origin, ports));
