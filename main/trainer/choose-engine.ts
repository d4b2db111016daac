import type { EngineChoice } from '../../shared/api/events.ts';
import { ENGINE_SETTINGS, type EngineSetting } from '../../shared/keras/training-settings.ts';
import { select, type Selection, type SelectOptions } from '../engines/select.ts';

/**
 * The engine for a training: the one it `began` with, where it still works, for another one computes other numbers; else
 * what `select` takes. The reason says when it is another one than before.
 */
export async function chooseEngine(
  preference: EngineSetting,
  began: Pick<EngineChoice, 'engine' | 'provider'> | null,
  options: SelectOptions,
): Promise<Selection> {
  if (!began) return select(preference, options);
  const name = `${began.engine}:${began.provider}`;
  const { sample: _sample, anew: _anew, ...untimed } = options;
  try {
    const same = ENGINE_SETTINGS.find((setting) => setting === name);
    if (!same) throw new Error(`${name} is not known`);
    const { engine, choice } = await select(same, untimed);
    return { engine, choice: { ...choice, reason: 'the run began with it' } };
  } catch (error) {
    const why = `the run began with ${name}, which does not work any more (${(error as Error).message})`;
    const { engine, choice } = await select(preference, options);
    return { engine, choice: { ...choice, reason: `${why}; ${choice.reason}` } };
  }
}
