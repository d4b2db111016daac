import { createApp, type App } from 'vue';
import StudioApp from './App.vue';
import { fileAccessKey, type FileAccess } from './data/file-access.ts';
import { createTexts } from './i18n/index.ts';
import { createIncoming, incomingKey } from './stores/data-incoming.ts';
import { createProjectDataset, projectDatasetKey } from './stores/dataset.ts';
import { createModelsIn, modelsInKey } from './stores/models-in.ts';
import { createPreferences, preferencesKey } from './stores/preferences.ts';
import { createProject, projectKey } from './stores/project.ts';
import { studioKey, type Studio } from './stores/studio.ts';

/** Puts the studio into the page, over a service that is connected or about to be. */
export function mountStudio(studio: Studio, files: FileAccess, place: string): App {
  const preferences = createPreferences();
  const app = createApp(StudioApp);
  app.use(createTexts(preferences.locale));
  app.provide(preferencesKey, preferences);
  app.provide(studioKey, studio);
  app.provide(fileAccessKey, files);
  const project = createProject(studio);
  const incoming = createIncoming(studio, files);
  app.provide(projectKey, project);
  app.provide(incomingKey, incoming);
  app.provide(modelsInKey, createModelsIn(studio, project, files));
  app.provide(projectDatasetKey, createProjectDataset(studio, project, incoming));
  app.mount(place);
  return app;
}
