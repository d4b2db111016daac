import { ref, watch, type Ref } from 'vue';
import type { AxisKind } from '../../charts/axis.ts';
import { createChartPage, type ChartPage } from '../../charts/chart-page.ts';
import type { QuantityName, Smoothing } from '../../charts/quantity.ts';
import { remember, remembered } from '../../stores/storage.ts';

/** How the charts of the page are looked at, remembered on this machine. */
export interface ChartOptions {
  readonly page: ChartPage;
  readonly kind: Ref<AxisKind>;
  readonly log: Ref<boolean>;
  readonly smoothing: Ref<Smoothing>;
  /** What the large chart shows. */
  readonly name: Ref<QuantityName>;
}

export function useChartOptions(): ChartOptions {
  const page = createChartPage();
  const axis = remembered('train:axis');
  const kind = ref<AxisKind>(axis === 'step' || axis === 'time' ? axis : 'epoch');
  const log = ref(remembered('train:log') !== false);
  const before = remembered('train:smoothing');
  const smoothing = ref<Smoothing>(typeof before === 'number' ? before : null);
  const name = ref<QuantityName>('loss');
  watch(kind, (value) => {
    remember('train:axis', value);
    page.look(null);
  });
  watch(log, (value) => remember('train:log', value));
  watch(smoothing, (value) => remember('train:smoothing', value));
  return { page, kind, log, smoothing, name };
}
