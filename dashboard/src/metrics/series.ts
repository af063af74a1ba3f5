import type { Schema } from "../api/client";

export type Interval = Schema<"MetricsIntervalView">;
export type Counts = Partial<Record<string, number>>;

/** One line of a chart: a value for each interval. */
export interface Series {
  name: string;
  values: number[];
  total: number;
}

const most = 6;
const others = "others";

/** Return the lines of what was counted, the largest first; the smallest are joined where there are too many. */
export function countedSeries(intervals: readonly Interval[], countsOf: (interval: Interval) => Counts, step: number): Series[] {
  const all = seriesOf(intervals, countsOf).map((series) => ({ ...series, values: series.values.map((value, index) => perStep(value, intervals[index]!, step)) }));
  const sorted = all.filter((series) => series.total).sort((a, b) => b.total - a.total || a.name.localeCompare(b.name));
  const rest = sorted.splice(sorted.length > most ? most - 1 : most);
  return rest.length ? [...sorted, rest.reduce(joined, { name: others, values: intervals.map(() => 0), total: 0 })] : sorted;
}

/** Return the lines of a state at the end of each interval, in the given order. */
export function stateSeries(intervals: readonly Interval[], countsOf: (interval: Interval) => Counts, names: readonly string[]): Series[] {
  const found = seriesOf(intervals, countsOf);
  return names.flatMap((name) => found.find((series) => series.name === name) ?? []);
}

/** Return the length of the steps of a history in seconds. */
export const secondsOf = (resolution: string): number => (resolution === "5m" ? 300 : 3_600);

function seriesOf(intervals: readonly Interval[], countsOf: (interval: Interval) => Counts): Series[] {
  const names = [...new Set(intervals.flatMap((interval) => Object.keys(countsOf(interval))))];
  return names.map((name) => {
    const values = intervals.map((interval) => countsOf(interval)[name] ?? 0);
    return { name, values, total: values.reduce((sum, value) => sum + value, 0) };
  });
}

/** Spread what was counted in an interval that is longer because points are missing. */
function perStep(count: number, interval: Interval, step: number): number {
  const seconds = (Date.parse(interval.until) - Date.parse(interval.since)) / 1000;
  return count / Math.max(1, Math.round(seconds / step));
}

const joined = (a: Series, b: Series): Series => ({ ...a, values: a.values.map((value, index) => value + b.values[index]!), total: a.total + b.total });
