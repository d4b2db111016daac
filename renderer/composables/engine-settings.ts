import { useI18n } from 'vue-i18n';
import type { EngineReport } from '../../shared/api/engines.ts';
import type { EngineSetting } from '../../shared/keras/training-settings.ts';

type EngineName = EngineReport['engine'];

/** What can be set as the engine: all of them, one, or one by one way to its device. */
export interface EngineOption {
  readonly value: EngineSetting;
  readonly name: string;
  /** What is known of it; null while it is being tried, and for `auto`. */
  readonly report: EngineReport | null;
}

/** The engine of a setting; null for `auto`. */
export function engineOf(setting: EngineSetting): EngineName | null {
  return setting === 'auto' ? null : (setting.split(':')[0] as EngineName);
}

/** Whether a setting leaves the choice of this engine and way open. */
export function fitsSetting(setting: EngineSetting, report: EngineReport): boolean {
  return [`${report.engine}:${report.provider}`, report.engine, 'auto'].includes(setting);
}

/** Names settings of the engine and lists them. */
export function useEngineSettings() {
  const { t } = useI18n();

  /** `ONNX Runtime`, `ONNX Runtime webgpu`; `auto` by the name that is given. */
  function nameOf(setting: EngineSetting, auto = t('shell.engine.auto')): string {
    const engine = engineOf(setting);
    if (engine === null) return auto;
    const way = setting.slice(engine.length + 1);
    return [t(`shell.engine.${engine}`), way].filter(Boolean).join(' ');
  }

  /**
   * What to offer: an engine by its ways to the device where several work; the one that is set in any case. `auto` is
   * named as given.
   */
  function options(
    reports: readonly EngineReport[],
    wanted: EngineSetting,
    auto?: string,
  ): EngineOption[] {
    const option = (value: EngineSetting, report: EngineReport | null): EngineOption => ({
      value,
      name: nameOf(value, auto),
      report,
    });
    return [
      option('auto', null),
      ...(['onnx', 'tensorflow'] as const).flatMap((engine) => {
        const own = reports.filter((report) => report.engine === engine);
        const working = own.filter(({ works }) => works);
        const settingOf = ({ provider }: EngineReport) => `${engine}:${provider}` as EngineSetting;
        const ways = own.filter(
          (report) => (report.works && working.length > 1) || settingOf(report) === wanted,
        );
        const first = working.find(({ kind }) => kind === 'gpu') ?? working[0] ?? own[0] ?? null;
        return [option(engine, first), ...ways.map((way) => option(settingOf(way), way))];
      }),
    ];
  }

  return { nameOf, options };
}
