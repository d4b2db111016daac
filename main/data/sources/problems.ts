import type { DataProblem } from '../source.ts';

/** What is done with a sample that lacks a label or a number. */
export const WITHOUT_VALUE = 'kept; left out where a model needs it';

/** How many problems of one code are listed one by one. */
const LISTED = 1000;

/** Collects problems. Of each code the first thousand are listed one by one, the others counted in a last one. */
export class ProblemList {
  readonly #problems: DataProblem[] = [];
  readonly #counts = new Map<string, number>();

  add(code: string, path: string, message: string, action: string): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= LISTED) this.#problems.push({ code, path, message, action });
  }

  /** What was added, and for each code with more than a thousand how many are not listed. */
  list(): DataProblem[] {
    const rest = [...this.#counts].filter(([, count]) => count > LISTED);
    return [
      ...this.#problems,
      ...rest.map(([code, count]) => ({
        code,
        path: '.',
        message: `${(count - LISTED).toLocaleString('en-US')} more of the kind "${code}" are not listed one by one`,
        action: 'treated as those listed',
      })),
    ];
  }
}
