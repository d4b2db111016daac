import type { Project, RunSummary, StudioListener } from '../../shared/api/contract.ts';
import type { DataImport, DataListener, DatasetEntry } from '../../shared/api/data.ts';
import type { DeviceUsage, EngineListener, EngineProgress } from '../../shared/api/engines.ts';
import type { RunEvent } from '../../shared/api/events.ts';
import type { Remote } from '../../shared/api/rpc.ts';

type Message =
  | { readonly type: 'events'; readonly id: string; readonly events: RunEvent[] }
  | { readonly type: 'changed'; readonly id: string; readonly summary: RunSummary | null }
  | { readonly type: 'project'; readonly id: ''; readonly project: Project }
  | { readonly type: 'import'; readonly id: string; readonly data: DataImport }
  | { readonly type: 'datasets'; readonly id: ''; readonly datasets: readonly DatasetEntry[] }
  | { readonly type: 'usage'; readonly id: string; readonly usage: DeviceUsage }
  | { readonly type: 'engines'; readonly id: ''; readonly progress: EngineProgress };

/** Tells one window what happens. */
export interface Feed extends DataListener, EngineListener {
  events(id: string, events: readonly RunEvent[]): void;
  changed(id: string, summary: RunSummary | null): void;
  projectChanged(project: Project): void;
}

/**
 * Sends to a window in order, one message at a time: the next goes when the window has taken the one before, and what
 * comes meanwhile is gathered. When more than `limit` events gather, only the newest event of each run is kept: the
 * window sees the gap in their numbers and asks for the stored ones. So a window that is slow or stopped costs nothing.
 */
export function createFeed(listener: Remote<StudioListener>, limit = 2000): Feed {
  let queue: Message[] = [];
  let size = 0;
  let sending = false;

  function add(message: Message): void {
    const last = queue.at(-1);
    if (message.type === 'events' && last?.type === 'events' && last.id === message.id)
      last.events.push(...message.events);
    else queue.push(message);
    size += weight(message);
    if (size > limit) {
      queue = newestOnly(queue);
      size = queue.reduce((sum, kept) => sum + weight(kept), 0);
    }
    if (!sending) void send();
  }

  async function send(): Promise<void> {
    sending = true;
    for (let message = queue.shift(); message; message = queue.shift()) {
      size -= weight(message);
      // A window that fails at a message still gets the next; one that is gone has closed its channel.
      await tell(listener, message).catch(() => {});
    }
    sending = false;
  }

  return {
    events: (id, events) => add({ type: 'events', id, events: [...events] }),
    changed: (id, summary) => add({ type: 'changed', id, summary }),
    projectChanged: (project) => add({ type: 'project', id: '', project }),
    importChanged: (data) => add({ type: 'import', id: data.id, data }),
    datasetsChanged: (datasets) => add({ type: 'datasets', id: '', datasets }),
    deviceUsage: (id, usage) => add({ type: 'usage', id, usage }),
    enginesTried: (progress) => add({ type: 'engines', id: '', progress }),
  };
}

function tell(listener: Remote<StudioListener>, message: Message): Promise<void> {
  switch (message.type) {
    case 'events':
      return listener.runEvents(message.id, message.events);
    case 'changed':
      return listener.runChanged(message.id, message.summary);
    case 'project':
      return listener.projectChanged(message.project);
    case 'import':
      return listener.importChanged(message.data);
    case 'datasets':
      return listener.datasetsChanged(message.datasets);
    case 'usage':
      return listener.deviceUsage(message.id, message.usage);
    case 'engines':
      return listener.enginesTried(message.progress);
  }
}

function weight(message: Message): number {
  return message.type === 'events' ? message.events.length : 1;
}

/** Of each run the newest event and the newest summary, of each import the newest state, the newest list. */
function newestOnly(queue: readonly Message[]): Message[] {
  const newest = new Map<string, Message>();
  for (const message of queue)
    newest.set(
      `${message.type} ${message.id}`,
      message.type === 'events' ? { ...message, events: message.events.slice(-1) } : message,
    );
  return [...newest.values()];
}
