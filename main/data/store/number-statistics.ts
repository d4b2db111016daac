import type { ColumnStatistics } from '../../../shared/api/data.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import type { Reported } from './report.ts';

/** A vector with more numbers is summed up as a whole. */
const MOST_PLACES = 4096;

/** Mean and deviation of each number of a vector, by Welford's running sums; of all together where there are many. */
export async function numberStatistics(
  { entry, collected }: Reported,
  at: number,
): Promise<ColumnStatistics> {
  const { name, shape } = entry.layout.columns[at]!;
  const size = sizeOf(shape);
  const places = size <= MOST_PLACES ? size : 1;
  const mean = new Float64Array(places);
  const squares = new Float64Array(places);
  const counts = new Float64Array(places);
  let [min, max] = [Infinity, -Infinity];
  let absent = 0;
  for await (const values of entry.columnValues(at, collected.records))
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) {
        absent++;
        continue;
      }
      const place = places === 1 ? 0 : i % places;
      const before = value - mean[place]!;
      mean[place]! += before / ++counts[place]!;
      squares[place]! += before * (value - mean[place]!);
      if (value < min) min = value;
      if (value > max) max = value;
    }
  const missing = Math.round(absent / size);
  const some = missing > 0 && { missing };
  if (collected.records.length === missing) return { column: name, ...some };
  const deviation = Array.from(squares, (sum, place) => Math.sqrt(sum / counts[place]!));
  return { column: name, mean: [...mean], deviation, min, max, ...some };
}
