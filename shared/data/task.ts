import type { DataColumn } from '../api/data.ts';
import { tasks, type Task } from './mapping.ts';
import type { ModelPorts } from './ports.ts';
import type { Preprocessing } from './preprocessing.ts';
import { shapeData } from './resolve.ts';
import type { DataSettings } from './settings.ts';

type Settings = Pick<DataSettings, 'task' | 'columns' | 'preprocessing'>;

/** The tasks that a model can be trained for with this data, images resized as it asks. */
export function tasksThatFit(
  ports: ModelPorts,
  columns: readonly DataColumn[],
  suggested: Preprocessing,
  settings: Omit<Settings, 'task'>,
): Task[] {
  return tasks.filter(
    (task) =>
      shapeData(ports, columns, suggested, { ...settings, task }).mapping.problems.length === 0,
  );
}

/** The settings' own task where it fits the data, else the first that does, else the own again. */
export function fittingTask(
  ports: ModelPorts,
  columns: readonly DataColumn[],
  suggested: Preprocessing,
  settings: Settings,
): Task {
  const fitting = tasksThatFit(ports, columns, suggested, settings);
  return fitting.includes(settings.task) ? settings.task : (fitting[0] ?? settings.task);
}
