import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { duration } from "../format";
import { Pausing } from "../queue/pausing";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";

type Queue = Schema<"QueueStatusView">;

const columns: readonly Column<Queue>[] = [
  { name: "Queue", isHeader: true, cell: (queue) => <><span class="row-title">{queue.priority}</span><Pause queue={queue} /></> },
  { name: "Waiting", numeric: true, cell: (queue) => queue.waiting.toLocaleString("en") },
  { name: "In flight", numeric: true, cell: (queue) => queue.in_flight.toLocaleString("en") },
  { name: "Delayed", numeric: true, wideOnly: true, cell: (queue) => queue.delayed.toLocaleString("en") },
  { name: "Oldest", numeric: true, wideOnly: true, cell: (queue) => (queue.oldest_seconds == null ? "–" : duration(queue.oldest_seconds)) },
  { name: "Empty in", numeric: true, cell: (queue) => (queue.drain_seconds == null ? "unknown" : queue.drain_seconds === 0 ? "now" : duration(queue.drain_seconds)) },
  { name: "Dead letters", numeric: true, wideOnly: true, cell: (queue) => (queue.dead_letters ? <a href={linkTo("/dead-letters", { kind: "task", priority: queue.priority })}>{queue.dead_letters}</a> : 0) },
];

function Pause({ queue: { pause } }: { queue: Queue }) {
  if (!pause) return null;
  return <div class="row-note"><Status value="paused" /> <Time at={pause.at} /> by {pause.by}{pause.reason && `: ${pause.reason}`}</div>;
}

/** The depth of each queue, how long it takes to empty, and its pause. */
export default function Queues() {
  const can = usePermission();
  const queues = useResource("queues", (signal) => get("/api/v1/queue", { signal }), { topics: ["queue", "tasks"], every: 15_000 });
  const actions: Column<Queue> = { name: "Pause", cell: (queue) => <Pausing queue={queue} onChange={queues.reload} /> };
  return (
    <>
      <PageHeading title="Queues"><a href="#/dead-letters">Dead letters</a></PageHeading>
      <Loaded resource={queues} rows={3}>
        {(data) => <Table caption="Queues, the most urgent first" columns={can("queue:write") ? [...columns, actions] : columns} items={data.queues} id={(queue) => queue.priority} />}
      </Loaded>
      <p class="muted">Counts are those of SQS, which are approximate. “Empty in” goes by the throughput of the last ten minutes; without any it is unknown.</p>
    </>
  );
}
