import type { RunSummary } from '../../shared/api/contract.ts';
import type { ErrorInfo, RunEvent } from '../../shared/api/events.ts';

/** Says what happens in a run. */
export interface Report {
  events(events: readonly RunEvent[]): void;
  /** A remark beside the run. */
  note(text: string): void;
  end(summary: RunSummary): void;
  /** Nothing could be started. */
  failed(error: ErrorInfo): void;
}
