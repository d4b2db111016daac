import { templates } from '../../assets/templates/catalogue.ts';
import { contentOf } from '../../assets/templates/template.ts';
import { StudioError } from '../../shared/api/errors.ts';
import type { ProjectContent } from './project.ts';

/** What a template gives a new project. Throws a StudioError that lists the templates when there is none of this name. */
export function templateProject(name: string): ProjectContent {
  if (Object.hasOwn(templates, name)) return contentOf(templates[name]!);
  throw new StudioError(
    'NO_SUCH_TEMPLATE',
    `there is no template ${JSON.stringify(name)}; there are ${Object.keys(templates).join(', ')}`,
  );
}
