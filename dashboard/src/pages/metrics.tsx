import { useMemo } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Chart } from "../metrics/chart";
import { countedSeries, secondsOf, stateSeries } from "../metrics/series";
import { useResource } from "../resource";
import { linkTo } from "../router";
import type { PageProps } from "./index";

type History = Schema<"MetricsHistoryResponse">;

const ranges: Record<string, string> = { "6": "6 hours", "24": "24 hours", "168": "7 days", "720": "30 days" };
const usual = "24";
const everyMinute = 60_000;
const openStates = ["pending", "running", "awaiting_approval"];

/** What was counted over time, as charts. */
export default function Metrics({ query }: PageProps) {
  const chosen = query["hours"] ?? "";
  const hours = ranges[chosen] ? chosen : usual;
  const history = useResource(`history ${hours}`, (signal) => get("/api/v1/metrics/history", { query: { hours: Number(hours) }, signal }), { every: everyMinute });
  return (
    <>
      <PageHeading title="Metrics">
        <nav class="tabs" aria-label="Time range">
          {Object.entries(ranges).map(([value, label]) => <a key={value} href={linkTo("/metrics", { hours: value })} aria-current={value === hours ? "true" : undefined}>{label}</a>)}
        </nav>
      </PageHeading>
      <Loaded resource={history} rows={10}>
        {(data) => data.intervals.length ? <Charts key={hours} history={data} />
          : <Empty title="Nothing was recorded yet">A history begins with the installation; the counters are recorded every five minutes. The <a href="#/">overview</a> has those of now.</Empty>}
      </Loaded>
    </>
  );
}

function Charts({ history }: { history: History }) {
  const { intervals } = history;
  const step = secondsOf(history.resolution);
  const per = step === 300 ? "each 5 minutes" : "each hour";
  const shown = useMemo(() => ({
    providers: countedSeries(intervals, (each) => each.providers, step),
    webhooks: countedSeries(intervals, (each) => each.webhooks, step),
    tasks: countedSeries(intervals, (each) => each.tasks, step),
    open: stateSeries(intervals, (each) => each.stored, openStates),
    notifications: countedSeries(intervals, (each) => each.notifications, step),
  }), [history]);
  return (
    <div class="columns">
      <Chart title={`Webhooks by provider, ${per}`} series={shown.providers} intervals={intervals} counted empty="No webhook came in this time" />
      <Chart title={`Webhooks by outcome, ${per}`} series={shown.webhooks} intervals={intervals} counted empty="No webhook came in this time" />
      <Chart title="Tasks that are open" series={shown.open} intervals={intervals} counted={false} empty="No task was open in this time" />
      <Chart title={`Changes of tasks, ${per}`} series={shown.tasks} intervals={intervals} counted empty="No task changed in this time" />
      <Chart title={`Notifications by outcome, ${per}`} series={shown.notifications} intervals={intervals} counted empty="No notification was sent in this time" />
    </div>
  );
}
