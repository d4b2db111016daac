import { mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Project } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings, type TrainingSettings } from '../../shared/keras/training-settings.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { toJson } from './json.ts';
import { firstProblem } from './run-record.ts';
import { templateProject } from './templates.ts';

/** What `project.json` holds. Fields that are not known here are kept. */
const projectFile = z.looseObject({
  version: z.literal(1),
  name: z.string().min(1),
  model: z.unknown(),
  training: trainingSettings,
});

/** A project's contents, wherever they come from. */
export type ProjectContent = Omit<Project, 'folder'>;

/**
 * Opens a project's folder; one without `project.json` becomes a project made from the template. Throws a StudioError
 * that says what is wrong with a `project.json` that can't be read, and leaves it as it is.
 */
export async function openProject(folder: string, template = 'autoencoder'): Promise<Project> {
  const file = fileIn(folder);
  let text = await readIfThere(file);
  if (text === null) {
    text = `${toJson({ version: 1, ...templateProject(template) }, 2)}\n`;
    await mkdir(folder, { recursive: true });
    await writeFileAtomic(file, text);
  }
  return { ...content(file, text), folder: resolve(folder) };
}

/** Replaces the model and the settings of a project. A `project.json` that can't be read is not replaced. */
export async function saveProject(
  folder: string,
  changed: { model: ModelSpec; training: TrainingSettings },
): Promise<void> {
  const file = fileIn(folder);
  const text = await readIfThere(file);
  const before =
    text === null ? { version: 1, name: basename(resolve(folder)) } : parse(file, text);
  await writeFileAtomic(file, `${toJson({ ...before, ...changed }, 2)}\n`);
}

/** Reads a project by its folder or file, or a template by its name. Throws a StudioError when there is neither. */
export async function findProject(nameOrPath: string): Promise<ProjectContent> {
  for (const file of [fileIn(nameOrPath), nameOrPath]) {
    const text = await readIfThere(file);
    if (text !== null) return content(file, text);
  }
  if (/[/\\.]/.test(nameOrPath))
    throw new StudioError('NO_SUCH_PROJECT', `there is no project at ${resolve(nameOrPath)}`);
  return templateProject(nameOrPath);
}

function fileIn(folder: string): string {
  return join(folder, 'project.json');
}

/** Null when there is no such file. */
async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) return null;
    throw error;
  });
}

function parse(file: string, text: string): z.infer<typeof projectFile> & { model: ModelSpec } {
  try {
    const data = projectFile.parse(JSON.parse(text));
    return { ...data, model: parseModelSpec(data.model) };
  } catch (error) {
    throw new StudioError('BROKEN_PROJECT', `${file}: ${firstProblem(error)}`);
  }
}

function content(file: string, text: string): ProjectContent {
  const { name, model, training } = parse(file, text);
  return { name, model, training };
}
