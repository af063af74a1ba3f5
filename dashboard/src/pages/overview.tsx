import type { ComponentChildren } from "preact";
import { type Schema, get } from "../api/client";
import { PageHeading, Section } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { Table } from "../components/table";
import { Time } from "../components/time";
import { duration } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import { TaskLink, type TaskSummary } from "../task/columns";

type QueueStatus = Schema<"QueueStatusView">;
type Metrics = Schema<"MetricsResponse">;

/** What came, what waits, what failed, and since when. */
export default function Overview() {
  const can = usePermission();
  return (
    <>
      <PageHeading title="Overview" />
      {can("metrics:read") && <Totals />}
      {can("metrics:read") && <Incidents />}
      <div class="columns">
        {can("tasks:read") && <Latest />}
        {can("tasks:read") && <Failed />}
        {can("queue:read") && <Queues />}
        {can("deliveries:read") && <Arrived />}
      </div>
      {!can("tasks:read") && !can("metrics:read") && <Empty title="There is little that this key may see">Ask an administrator for a key with the role <code>viewer</code>.</Empty>}
    </>
  );
}

interface TileProps {
  label: string;
  value: number;
  note?: ComponentChildren;
  href?: string;
  bad?: boolean;
}

function Tile({ label, value, note, href, bad = false }: TileProps) {
  const kind = bad && value ? "tile tile-bad" : "tile";
  const content = (
    <>
      <span class="tile-label">{label}</span>
      <div class="tile-value">{value.toLocaleString("en")}</div>
      <div class="tile-note">{note}</div>
    </>
  );
  return href ? <a class={kind} href={href}>{content}</a> : <div class={kind}>{content}</div>;
}

function Totals() {
  const metrics = useResource("metrics", (signal) => get("/api/v1/metrics", { signal }), { topics: ["tasks", "deliveries", "queue"] });
  return <Loaded resource={metrics} rows={2}>{(data) => <Tiles metrics={data} />}</Loaded>;
}

function Tiles({ metrics }: { metrics: Metrics }) {
  const { by_status: tasks, processing, success_rate: rate } = metrics.tasks;
  const came = metrics.webhooks.reduce((sum, each) => sum + each.requests, 0);
  const forged = metrics.webhooks.reduce((sum, each) => sum + each.signature_failures, 0);
  const dead = metrics.queues.reduce((sum, queue) => sum + queue.dead_letters, 0);
  const tasksWith = (status: string) => linkTo("/tasks", { status });
  return (
    <section class="tiles" aria-label="Totals">
      <Tile label="Webhooks received" value={came} note={forged ? `${forged} with a wrong signature` : "every signature was right"} href="#/deliveries" />
      {(tasks["awaiting_approval"] ?? 0) > 0 && <Tile label="Awaiting approval" value={tasks["awaiting_approval"] ?? 0} href={tasksWith("awaiting_approval")} />}
      <Tile label="Waiting" value={tasks["pending"] ?? 0} note={metrics.oldest_pending ? <>oldest <Time at={metrics.oldest_pending} /></> : ""} href={tasksWith("pending")} />
      <Tile label="Running" value={tasks["running"] ?? 0} note={processing.p50 === null ? "" : `half take ${duration(processing.p50)} or less`} href={tasksWith("running")} />
      <Tile label="Succeeded" value={tasks["succeeded"] ?? 0} note={rate === null ? "" : `${(rate * 100).toFixed(rate === 1 ? 0 : 1)} % of those that ended`} href={tasksWith("succeeded")} />
      <Tile label="Failed" value={tasks["failed"] ?? 0} bad href={tasksWith("failed")} note={dead ? `${dead} dead letters` : ""} />
    </section>
  );
}

function Incidents() {
  const incidents = useResource("incidents", (signal) => get("/api/v1/incidents", { query: { status: "open" } as never, signal }), { topics: ["incidents"] });
  const open = incidents.data?.items ?? [];
  if (!open.length) return null;
  return (
    <Section title="Open incidents" aside={<a href="#/incidents">All incidents</a>}>
      <ul class="rows">
        {open.map((incident) => (
          <li key={incident.id}>
            <Status value={incident.severity} />
            <span>
              <strong>{incident.title}</strong>
              <div class="row-note">{incident.count} failures since <Time at={incident.first_at} />, the last <Time at={incident.last_at} />: {incident.last_error}</div>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TaskRows({ tasks }: { tasks: readonly TaskSummary[] }) {
  return <ul class="rows">{tasks.map((task) => <li key={task.id} data-id={task.id}><Status value={task.status} /><span><TaskLink task={task} /></span><Time at={task.updated_at} /></li>)}</ul>;
}

function Latest() {
  const tasks = useResource("latest", (signal) => get("/api/v1/tasks", { query: { limit: 8 } as never, signal }), { topics: ["tasks"] });
  return (
    <Section title="Latest tasks" aside={<a href="#/tasks">All tasks</a>}>
      <Loaded resource={tasks}>
        {({ items }) => items.length === 0 ? <Empty title="No tasks yet">Run <code>signalbox send github issue_comment --text "/agent fix the login"</code>; the task appears here by itself.</Empty> : <TaskRows tasks={items} />}
      </Loaded>
    </Section>
  );
}

function Failed() {
  const tasks = useResource("failed", (signal) => get("/api/v1/tasks", { query: { status: "failed", limit: 8 } as never, signal }), { topics: ["tasks"] });
  return (
    <Section title="What failed" aside={<a href="#/tasks?status=failed">All failed tasks</a>}>
      <Loaded resource={tasks}>
        {({ items }) => items.length === 0 ? <Empty title="Nothing failed">Tasks that end without success appear here.</Empty> : <TaskRows tasks={items} />}
      </Loaded>
    </Section>
  );
}

function Queues() {
  const queues = useResource("queues", (signal) => get("/api/v1/queue", { signal }), { topics: ["queue", "tasks"] });
  return (
    <Section title="What waits" aside={<a href="#/queues">All queues</a>}>
      <Loaded resource={queues}>
        {(data) => (
          <Table<QueueStatus> caption="Queues by priority" items={data.queues} id={(queue) => queue.priority} columns={[
            { name: "Queue", isHeader: true, cell: (queue) => <>{queue.priority} {queue.pause && <Status value="paused" />}</> },
            { name: "Waiting", numeric: true, cell: (queue) => queue.waiting },
            { name: "In flight", numeric: true, cell: (queue) => queue.in_flight },
            { name: "Oldest", numeric: true, cell: (queue) => (queue.oldest_seconds == null ? "–" : duration(queue.oldest_seconds)) },
            { name: "Drained in", numeric: true, wideOnly: true, cell: (queue) => (queue.drain_seconds == null ? "unknown" : queue.drain_seconds ? duration(queue.drain_seconds) : "–") },
          ]} />
        )}
      </Loaded>
    </Section>
  );
}

function Arrived() {
  const deliveries = useResource("arrived", (signal) => get("/api/v1/deliveries", { query: { limit: 8 } as never, signal }), { topics: ["deliveries"] });
  return (
    <Section title="What came" aside={<a href="#/deliveries">All deliveries</a>}>
      <Loaded resource={deliveries}>
        {({ items }) => items.length === 0 ? <Empty title="No webhook has arrived yet">Enter the address of a source at its provider.</Empty> : (
          <ul class="rows">
            {items.map((item) => (
              <li key={item.id}>
                <Status value={item.status} />
                <span><a class="row-title" href={linkTo(`/deliveries/${item.id}`)}>{item.event ?? "not interpreted"}</a><div class="row-note">{item.provider}/{item.source}{item.reason && ` · ${item.reason}`}</div></span>
                <Time at={item.received_at} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
