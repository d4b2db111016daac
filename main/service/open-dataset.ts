import { StudioError } from '../../shared/api/errors.ts';
import type { Project } from '../../shared/api/contract.ts';
import type { DatasetView } from './dataset-view.ts';
import type { ImportJob } from './import-jobs.ts';

export async function openDataset(
  data: string,
  _project: Project,
  _job: ImportJob,
): Promise<DatasetView> {
  throw new StudioError('BAD_DATA', `${data} can't be opened`);
}
