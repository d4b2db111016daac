import type { DataProblem, ListedProblem } from '../../../shared/api/data.ts';

/** How many problems of one code are listed one by one; all are counted. */
const LISTED = 1000;

/** Problems of a dataset, each once. */
export class ListedProblems {
  readonly list: ListedProblem[] = [];
  readonly counts: Record<string, number> = {};
  readonly #known = new Set<string>();

  /** Begins with what the source told: those are not added again. */
  constructor(known: readonly DataProblem[]) {
    for (const problem of known) {
      this.#known.add(`${problem.code}\0${problem.path}`);
      this.#add(problem);
    }
  }

  addNew(problem: ListedProblem): void {
    if (!this.#known.has(`${problem.code}\0${problem.path}`)) this.#add(problem);
  }

  #add(problem: ListedProblem): void {
    const count = (this.counts[problem.code] ?? 0) + 1;
    this.counts[problem.code] = count;
    if (count <= LISTED) this.list.push(problem);
  }
}
