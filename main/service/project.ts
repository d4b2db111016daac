import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Project } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { toJson } from './json.ts';
import { withPlaces } from './project-places.ts';
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
export type ProjectContent = Omit<Project, 'folder' | 'revision'>;

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
  const found = content(file, text);
  return { ...found, folder: resolve(folder), revision: revisionOf(found) };
}

/**
 * Replaces the model and the settings of a project, and gives its new revision. A `project.json` that can't be read is
 * not replaced. Throws a StudioError `PROJECT_CHANGED` when `revision` is given and is not the project's.
 */
export async function saveProject(
  folder: string,
  { revision, ...changed }: Changed & { readonly revision?: string | undefined },
): Promise<string> {
  const file = fileIn(folder);
  const text = await readIfThere(file);
  const before =
    text === null ? { version: 1, name: basename(resolve(folder)) } : parse(file, text);
  if (revision !== undefined && 'model' in before && revisionOf(before) !== revision)
    throw new StudioError(
      'PROJECT_CHANGED',
      'the project was changed elsewhere since it was read here',
    );
  await writeFileAtomic(file, `${toJson({ ...before, ...changed }, 2)}\n`);
  return revisionOf(changed);
}

/** What of a project can be changed. */
type Changed = Pick<Project, 'model' | 'training'>;

/** The same for the same models and settings, whatever else is in the file. */
function revisionOf({ model, training }: Changed): string {
  const text = JSON.stringify([model, trainingSettings.parse(training)]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Reads a project by its folder or file, or a template by its name. Throws a StudioError when there is neither. */
export async function findProject(nameOrPath: string): Promise<ProjectContent> {
  for (const file of [fileIn(nameOrPath), nameOrPath]) {
    const text = await readIfThere(file);
    if (text === null) continue;
    const found = content(file, text);
    return { ...found, training: withPlaces(dirname(file), found.training) };
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
