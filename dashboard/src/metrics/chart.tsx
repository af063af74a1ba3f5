import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { Section } from "../components/basics";
import { Empty } from "../components/states";
import { type Column, Table } from "../components/table";
import { Clock } from "../components/time";
import { words } from "../format";
import { theme, zone } from "../preferences";
import { useStore } from "../store";
import { dashes, dataOf, draw } from "./plot";
import type { Interval, Series } from "./series";

interface ChartProps {
  title: string;
  series: readonly Series[];
  intervals: readonly Interval[];
  counted: boolean;
  /** What to show where nothing was counted. */
  empty: string;
}

/** A chart over time, with what it shows as a text and as a table. */
export function Chart({ title, series, intervals, counted, empty }: ChartProps) {
  const [point, setPoint] = useState<number | null>(null);
  if (!series.some(({ values }) => values.some(Boolean))) return <Section title={title}><Empty title={empty} /></Section>;
  const at = point === null ? undefined : intervals[Math.min(point, intervals.length - 1)];
  const valueOf = (each: Series) => (at ? (each.values[intervals.indexOf(at)] ?? 0) : counted ? each.total : (each.values.at(-1) ?? 0));
  return (
    <Section title={title} aside={at ? <Clock at={counted ? at.since : at.until} /> : counted ? "in all" : "now"}>
      <ul class="legend">
        {series.map((each, index) => (
          <li key={each.name}>
            <Swatch index={index} />
            <span>{words(each.name)}</span>
            <strong class="num">{round(valueOf(each)).toLocaleString("en")}</strong>
          </li>
        ))}
      </ul>
      <Plot label={`${title}: ${summaryOf(series, counted)}`} series={series} intervals={intervals} counted={counted} onPoint={setPoint} />
      <Values title={title} series={series} intervals={intervals} counted={counted} />
    </Section>
  );
}

const colours = 6;

function Swatch({ index }: { index: number }) {
  return (
    <svg class={`swatch chart-${index % colours}`} width="22" height="8" viewBox="0 0 22 8" aria-hidden="true">
      <line x1="0" y1="4" x2="22" y2="4" stroke="currentColor" stroke-width="2.5" stroke-dasharray={dashes[index % dashes.length]!.join(" ")} />
    </svg>
  );
}

interface PlotProps extends Pick<ChartProps, "series" | "intervals" | "counted"> {
  label: string;
  onPoint: (index: number | null) => void;
}

function Plot({ label, series, intervals, counted, onPoint }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const inZone = useStore(zone);
  const names = series.map(({ name }) => name);
  useEffect(() => {
    const element = frame.current!;
    const made = draw(element, { series, intervals, counted, zone: inZone, colour: (name) => colourOf(element, names.indexOf(name), name), onPoint });
    plot.current = made;
    const stopFollowing = followAppearance(() => made.redraw());
    const resizing = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      stopFollowing();
      made.destroy();
    };
  }, [names.join("\n"), inZone, counted]);
  useEffect(() => plot.current?.setData(dataOf({ series, intervals, counted })), [series, intervals, counted]);
  return <div ref={frame} class="plot" role="img" aria-label={label} />;
}

/** Return the colour that the style sheet gives to a line, the axes or the grid. */
function colourOf(element: HTMLElement, index: number, name: string): string {
  const style = getComputedStyle(index < 0 ? element : (element.parentElement!.querySelectorAll(".swatch")[index] ?? element));
  return name === "grid" ? style.borderTopColor : style.color;
}

function followAppearance(listener: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", listener);
  const stop = theme.follow(listener);
  return () => {
    dark.removeEventListener("change", listener);
    stop();
  };
}

function summaryOf(series: readonly Series[], counted: boolean): string {
  return series.map((each) => {
    const peak = round(Math.max(...each.values)).toLocaleString("en");
    return `${words(each.name)} ${(counted ? each.total : (each.values.at(-1) ?? 0)).toLocaleString("en")}${counted ? " in all" : " now"}, ${peak} at most`;
  }).join("; ");
}

/** The same as a table, newest first, without the times at which nothing was counted. */
function Values({ title, series, intervals, counted }: Pick<ChartProps, "title" | "series" | "intervals" | "counted">) {
  const [open, setOpen] = useState(false);
  const rows = open ? intervals.map((interval, index) => ({ interval, values: series.map(({ values }) => values[index] ?? 0) })).filter(({ values }) => values.some(Boolean)).reverse() : [];
  type Row = (typeof rows)[number];
  const columns: Column<Row>[] = [
    { name: counted ? "From" : "At", isHeader: true, cell: ({ interval }) => <Clock at={counted ? interval.since : interval.until} /> },
    ...series.map((each, index): Column<Row> => ({ name: words(each.name), numeric: true, cell: ({ values }) => round(values[index]!).toLocaleString("en") })),
  ];
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as a table</summary>
      {open && <Table caption={`${title} over time`} columns={columns} items={rows} id={({ interval }) => interval.since} />}
    </details>
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;
