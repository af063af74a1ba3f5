import uPlot from "uplot";
import type { Zone } from "../preferences";
import type { Interval, Series } from "./series";

export interface PlotOptions {
  series: readonly Series[];
  intervals: readonly Interval[];
  /** Whether values are counts of whole intervals, rather than states at their ends. */
  counted: boolean;
  zone: Zone;
  /** Return the colour of a line, which depends on the appearance of the page. */
  colour: (name: string) => string;
  onPoint: (index: number | null) => void;
}

/** How the lines are dashed, so that nobody needs the colours. */
export const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [10, 3, 2, 3], [1, 2], [14, 4]];
const height = 190;
const longRange = 2 * 86_400;

/** Draw a chart in an element, as wide as that is. */
export function draw(element: HTMLElement, options: PlotOptions): uPlot {
  const { series, intervals, counted, zone, colour, onPoint } = options;
  const axis = { stroke: () => colour("axis"), grid: { stroke: () => colour("grid"), width: 1 }, ticks: { stroke: () => colour("grid"), width: 1, size: 4 }, font: "12px system-ui, sans-serif" };
  return new uPlot({
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    tzDate: (time) => (zone === "utc" ? uPlot.tzDate(new Date(time * 1000), "Etc/UTC") : new Date(time * 1000)),
    scales: { x: { time: true }, y: { range: (_, __, top) => [0, Math.max(4, top * 1.08)] } },
    axes: [
      { ...axis, size: 30, values: (_, times) => times.map((time) => label(time, isLong(intervals), zone)), space: 64 },
      { ...axis, size: 52, incrs: steps, values: (_, numbers) => numbers.map((number) => number.toLocaleString("en")) },
    ],
    series: [{}, ...series.map((each, index) => ({
      label: each.name,
      stroke: () => colour(each.name),
      dash: [...dashes[index % dashes.length]!],
      width: 2,
      points: { show: false },
      ...(counted && { paths: uPlot.paths.stepped!({ align: 1 }) }),
    }))],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  }, dataOf(options), element);
}

/** Return what uPlot draws: the times and the values of each line. */
export function dataOf({ series, intervals, counted }: Pick<PlotOptions, "series" | "intervals" | "counted">): uPlot.AlignedData {
  const seconds = (at: string) => Date.parse(at) / 1000;
  if (!counted) return [intervals.map(({ until }) => seconds(until)), ...series.map(({ values }) => values)];
  // The last step needs an end.
  const last = intervals.at(-1);
  return [[...intervals.map(({ since }) => seconds(since)), ...(last ? [seconds(last.until)] : [])], ...series.map(({ values }) => [...values, values.at(-1) ?? null])];
}

const steps = [1, 2, 5].flatMap((digit) => Array.from({ length: 9 }, (_, power) => digit * 10 ** power)).sort((a, b) => a - b);

function isLong(intervals: readonly Interval[]): boolean {
  const [first, last] = [intervals[0], intervals.at(-1)];
  return !!first && !!last && Date.parse(last.until) - Date.parse(first.since) > longRange * 1000;
}

function label(time: number, long: boolean, zone: Zone): string {
  const form: Intl.DateTimeFormatOptions = long ? { month: "2-digit", day: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat("sv-SE", { ...form, ...(zone === "utc" && { timeZone: "UTC" }) }).format(new Date(time * 1000));
}
