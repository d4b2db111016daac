import { computed, onScopeDispose, type Component, type ComputedRef } from 'vue';
import {
  BetweenHorizontalStart,
  ChartNoAxesGantt,
  ChartSpline,
  Database,
  Languages,
  Lock,
  Pause,
  Play,
  Redo2,
  Share,
  ShieldCheck,
  Square,
  SunMoon,
  Undo2,
  Waypoints,
} from '@lucide/vue';
import { useI18n } from 'vue-i18n';
import { messageOf } from '../../shared/api/message.ts';
import { outermostModels } from '../compose/models.ts';
import { useActions } from '../stores/actions.ts';
import { modelTrees, nodeAt } from '../stores/model-tree.ts';
import { useModelsIn } from '../stores/models-in.ts';
import { places, useNavigation, type Place } from '../stores/navigation.ts';
import { useNotices } from '../stores/notices.ts';
import { locales, themes, usePreferences } from '../stores/preferences.ts';
import { useProject } from '../stores/project.ts';
import { useProof } from '../stores/proof.ts';
import { useShownModel } from '../stores/shown-model.ts';
import { useStudio } from '../stores/studio.ts';
import { useTreeState } from '../stores/tree.ts';
import { isShortcut } from './shortcuts.ts';

/** Something that can be done from everywhere. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly icon: Component;
  /** As in `mod+Shift+Z`. */
  readonly keys: string;
  readonly enabled: boolean;
  run(): void;
}

const placeIcons: Record<Place, Component> = {
  compose: Waypoints,
  data: Database,
  train: ChartSpline,
  runs: ChartNoAxesGantt,
  export: Share,
};

/** All commands of the window, with what they would do now. */
export function useCommands(): ComputedRef<Command[]> {
  const { t } = useI18n();
  const { place, go } = useNavigation();
  const actions = useActions();
  const studio = useStudio();
  const project = useProject();
  const shown = useShownModel();
  const proof = useProof();
  const models = useModelsIn();
  const notices = useNotices();
  const state = useTreeState();
  const { theme, locale } = usePreferences();

  const roots = computed(() => {
    const { spec } = shown.value;
    return spec ? modelTrees(spec, outermostModels(spec)).roots : [];
  });
  const selected = computed(() => nodeAt(roots.value, state.selected.value));

  async function train(): Promise<void> {
    await actions.train();
    // The first start says it beside its own button.
    const shown = place.value === 'train' && studio.runs.value.size === 0;
    if (actions.problem.value && !shown) notices.tell(actions.problem.value);
  }

  function freeze(): void {
    const node = selected.value;
    if (node) shown.value.setTrainable?.(node.path, node.trainable === false);
  }

  const paused = computed(() => actions.activeRun.value?.state === 'paused');

  return computed(() => [
    {
      id: 'train',
      title: t('commands.train'),
      icon: Play,
      keys: 'mod+Enter',
      enabled:
        project.training.value !== null &&
        !actions.starting.value &&
        actions.activeRun.value === null,
      run: () => void train(),
    },
    {
      id: 'pause',
      title: t(paused.value ? 'commands.proceed' : 'commands.pause'),
      icon: paused.value ? Play : Pause,
      keys: 'mod+Shift+Enter',
      enabled: actions.activeRun.value !== null,
      run() {
        const run = actions.activeRun.value;
        if (!run) return;
        const told = paused.value
          ? studio.service.proceedRun({ id: run.id })
          : studio.service.pauseRun({ id: run.id });
        told.catch((error: unknown) =>
          notices.tell(
            t('train.control.failed', {
              reason: messageOf(error),
            }),
          ),
        );
      },
    },
    {
      id: 'stop',
      title: t('commands.stop'),
      icon: Square,
      keys: 'mod+.',
      enabled: actions.activeRun.value !== null,
      run() {
        const run = actions.activeRun.value;
        if (run)
          studio.stopRun(run.id, false).catch((error: unknown) => notices.tell(messageOf(error)));
      },
    },
    ...places.map((place, i) => ({
      id: place,
      title: t('commands.goTo', { place: t(`shell.places.${place}`) }),
      icon: placeIcons[place],
      keys: `Alt+${i + 1}`,
      enabled: true,
      run: () => go(place),
    })),
    {
      id: 'undo',
      title: t('shell.undo'),
      icon: Undo2,
      keys: 'mod+Z',
      enabled: project.canUndo.value,
      run: project.undo,
    },
    {
      id: 'redo',
      title: t('shell.redo'),
      icon: Redo2,
      keys: 'mod+Shift+Z',
      enabled: project.canRedo.value,
      run: project.redo,
    },
    {
      id: 'prove',
      title: t('commands.prove'),
      icon: ShieldCheck,
      keys: 'Alt+P',
      enabled: project.spec.value !== null,
      run: () => proof.open(project.training.value!.model),
    },
    {
      id: 'insert',
      title: t('models.insert'),
      icon: BetweenHorizontalStart,
      keys: 'Alt+I',
      enabled: project.spec.value !== null,
      run: () => (models.inserting.value = { path: state.selected.value }),
    },
    {
      id: 'freeze',
      title:
        selected.value?.trainable === false
          ? t('tree.unfreeze', { name: selected.value.name })
          : t('tree.freeze', { name: selected.value?.name ?? '' }),
      icon: Lock,
      keys: 'Alt+L',
      enabled: (selected.value?.params ?? 0) > 0 && shown.value.setTrainable !== null,
      run: freeze,
    },
    {
      id: 'theme',
      title: t('commands.theme'),
      icon: SunMoon,
      keys: 'Alt+T',
      enabled: true,
      run() {
        theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
      },
    },
    {
      id: 'language',
      title: t('commands.language'),
      icon: Languages,
      keys: 'Alt+G',
      enabled: true,
      run() {
        locale.value = locales[(locales.indexOf(locale.value) + 1) % locales.length]!;
      },
    },
  ]);
}

/** Runs commands by their shortcuts. Undo and redo leave fields that are typed in alone. */
export function useShortcuts(commands: ComputedRef<Command[]>, palette: () => void): void {
  function onKey(event: KeyboardEvent): void {
    if (isShortcut(event, 'mod+K')) {
      event.preventDefault();
      palette();
      return;
    }
    const typing = (event.target as Element).closest?.('input, textarea, [contenteditable]');
    const command = commands.value.find(({ keys }) => isShortcut(event, keys));
    if (!command || (typing && (command.id === 'undo' || command.id === 'redo'))) return;
    event.preventDefault();
    if (command.enabled) command.run();
  }
  window.addEventListener('keydown', onKey);
  onScopeDispose(() => window.removeEventListener('keydown', onKey));
}
