import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import type { DeviceUsage } from '../../shared/api/engines.ts';
import { useStudio } from '../stores/studio.ts';
import { useFormat } from './format.ts';

/** A part of the machine. */
export type UsagePart = 'gpu' | 'gpuMemory' | 'cpu' | 'memory';

/** What a run takes of the machine, in words. */
export interface UsageText {
  /** How busy the engine's device is: `87 %`. */
  readonly share: string;
  /** Each part with its name: `Processor`, `1.9 of 2 processors`, in short `95 %`. */
  readonly parts: readonly {
    readonly id: UsagePart;
    readonly name: string;
    readonly text: string;
    readonly short: string;
  }[];
}

/** What the run takes of the machine now; null while it is not known, and for a run that is not under way. */
export function useUsage(run: () => string | undefined): ComputedRef<UsageText | null> {
  const { t } = useI18n();
  const studio = useStudio();
  const format = useFormat();

  function memory(used: number | null, total: number | null): string {
    if (used === null) return t('engines.use.notTold');
    if (total === null) return format.bytes(used);
    return t('engines.use.part', { used: format.bytes(used), total: format.bytes(total) });
  }

  function text({ cpu, processors, memory: own, machineMemory, gpu }: DeviceUsage): UsageText {
    const ofCpu = format.percent(Math.min(1, cpu / processors), 0);
    const busy = gpu?.busy == null ? null : format.percent(gpu.busy, 0);
    const ofProcessors = { busy: format.significant(Number(cpu.toFixed(1))), count: processors };
    return {
      share: gpu ? (busy ?? '') : ofCpu,
      parts: [
        ...(gpu
          ? ([
              {
                id: 'gpu',
                name: t('engines.use.gpu'),
                text: `${busy ?? t('engines.use.notTold')} · ${gpu.name}`,
                short: busy ?? '–',
              },
              {
                id: 'gpuMemory',
                name: t('engines.use.gpuMemory'),
                text: memory(gpu.memory, gpu.totalMemory),
                short: gpu.memory === null ? '–' : format.bytes(gpu.memory),
              },
            ] as const)
          : []),
        {
          id: 'cpu',
          name: t('engines.use.cpu'),
          text: t('engines.use.cpuText', ofProcessors, processors),
          short: ofCpu,
        },
        {
          id: 'memory',
          name: t('engines.use.memory'),
          text: memory(own, machineMemory),
          short: format.bytes(own),
        },
      ],
    };
  }

  return computed(() => {
    const usage = studio.usage.value;
    const now = usage && usage.run === run() ? usage.recent.at(-1) : undefined;
    return now ? text(now) : null;
  });
}
