/** How numbers are written, in tabular figures and never with more digits than mean something. */
export interface Format {
  /** 28,241 */
  integer(value: number): string;
  /** Three significant figures: 0.0102, 7.42e-4. */
  significant(value: number): string;
  /** 0.583 -> 58.3 %; with `digits` decimals. */
  percent(ratio: number, digits?: number): string;
  /** Seconds as 7:25 or 1:02:03. */
  duration(seconds: number): string;
  /** 108 KiB */
  bytes(count: number): string;
  /** Clock time: 13:32. */
  time(ms: number): string;
  /** Today 13:14, or the date. */
  moment(ms: number, now?: number): string;
}

export function createFormat(locale: string): Format {
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const year = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const fixed = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);

  return {
    integer: (value) => integer.format(value),
    significant(value) {
      if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
      const size = Math.abs(value);
      if (size !== 0 && size < 1e-3) return value.toExponential(2);
      return size >= 1000 ? integer.format(value) : three.format(value);
    },
    percent: (ratio, digits = 1) => `${fixed(ratio * 100, digits)}\u00a0%`,
    duration(seconds) {
      const total = Math.max(0, Math.round(seconds));
      const two = (value: number) => String(value).padStart(2, '0');
      const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
      return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
    },
    bytes(count) {
      const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
      let size = count;
      let unit = 0;
      while (size >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit += 1;
      }
      return `${unit === 0 || size >= 100 ? integer.format(size) : three.format(size)}\u00a0${units[unit]}`;
    },
    time: (ms) => clock.format(ms),
    moment(ms, now = Date.now()) {
      const [then, today] = [new Date(ms), new Date(now)];
      if (then.toDateString() === today.toDateString()) return clock.format(ms);
      return then.getFullYear() === today.getFullYear()
        ? `${day.format(ms)} ${clock.format(ms)}`
        : year.format(ms);
    },
  };
}
