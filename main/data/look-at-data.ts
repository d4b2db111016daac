import { StudioError } from '../../shared/api/errors.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import type { DataSettings } from '../../shared/data/settings.ts';
import { builtInNames, placeOf } from './built-in.ts';
import { recognise } from './recognise.ts';
import type { Source } from './source.ts';
import { suggestPreprocessing } from './store/suggest.ts';

/** Data that was recognised, not decoded yet. */
export interface FoundData {
  readonly source: Source;
  /** What suits the data by themselves. */
  readonly suggested: Preprocessing;
}

/** Recognises the data that the settings name. Throws what `recognise` throws; `NO_SUCH_DATA` says which names there are. */
export async function lookAtData(
  { data, recognise: options }: Pick<DataSettings, 'data' | 'recognise'>,
  signal?: AbortSignal,
): Promise<FoundData> {
  const found = await recognise(placeOf(data), options, signal).catch((error: unknown) => {
    if (!(error instanceof StudioError) || error.code !== 'NO_SUCH_DATA' || /[/\\.]/.test(data))
      throw error;
    const known = builtInNames.join(', ');
    const message = `there is no data named ${data} (known are: ${known}), and ${error.message}`;
    throw new StudioError('NO_SUCH_DATA', message);
  });
  const source = builtInNames.includes(data) ? { ...found, name: data } : found;
  return { source, suggested: await suggestPreprocessing(source, signal) };
}
