import type { ModelPorts } from '../../shared/data/ports.ts';
import { shapeData, type Shaping } from '../../shared/data/resolve.ts';
import type { DataSettings } from '../../shared/data/settings.ts';
import { lookAtData, type FoundData } from './look-at-data.ts';

/** Data that is recognised and not decoded yet, and how it meets a model. */
export interface ShapedSource extends FoundData {
  /** Whether and how it fits the model; its preprocessing is what is to be imported with. */
  readonly shaping: Shaping;
}

type Settings = Pick<DataSettings, 'data' | 'recognise' | 'task' | 'columns' | 'preprocessing'>;

/** Recognises the data that the settings name and shapes it to a model. Throws what `recognise` throws. */
export async function shapeSource(
  ports: ModelPorts,
  settings: Settings,
  signal?: AbortSignal,
): Promise<ShapedSource> {
  const { source, suggested } = await lookAtData(settings, signal);
  const shaping = shapeData(ports, source.columns, suggested, settings);
  return { source, suggested, shaping };
}
