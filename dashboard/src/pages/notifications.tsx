import { type Schema, get } from "../api/client";
import { PageHeading, Section } from "../components/basics";
import { type Filter, Filters, instantOf } from "../components/filters";
import { Status } from "../components/status";
import { type Column, ListTable } from "../components/table";
import { Time } from "../components/time";
import { eventName } from "../format";
import { useList } from "../list";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import type { PageProps } from "./index";

type Notification = Schema<"NotificationSummary">;

const filters: readonly Filter[] = [
  { name: "status", label: "Status", options: ["queued", "sending", "delivered", "failed", "dead"] },
  { name: "connection", label: "Connection", placeholder: "team-slack" },
  { name: "connector", label: "Connector", placeholder: "slack" },
  { name: "since", label: "Created since", type: "datetime-local" },
  { name: "until", label: "Created before", type: "datetime-local" },
];

const columns: readonly Column<Notification>[] = [
  {
    name: "Notification", isHeader: true, sort: (item) => item.title,
    cell: (item) => <><a class="row-title" href={linkTo(`/notifications/${item.task_id}/${item.id}`)}>{item.title}</a><div class="row-note">{eventName(item.type)}</div></>,
  },
  { name: "Status", sort: (item) => item.status, cell: (item) => <><Status value={item.status} /><div class="row-note">{item.held ?? item.last_reason}</div></> },
  { name: "To", sort: (item) => item.connection, cell: (item) => <>{item.connection}<div class="row-note">{item.connector}</div></> },
  { name: "Tries", numeric: true, wideOnly: true, sort: (item) => item.tries, cell: (item) => item.tries },
  { name: "Next try", wideOnly: true, sort: (item) => item.next_at ?? "", cell: (item) => (item.next_at ? <Time at={item.next_at} /> : "–") },
  { name: "Changed", sort: (item) => item.updated_at, cell: (item) => <Time at={item.updated_at} /> },
];

/** What was sent to the connections, whether it arrived, and which circuits are open. */
export default function Notifications({ query }: PageProps) {
  const can = usePermission();
  const filter = { ...query, since: instantOf(query["since"]), until: instantOf(query["until"]), limit: 50 };
  const list = useList<Notification>(
    JSON.stringify(filter),
    (cursor, signal) => get("/api/v1/notifications", { query: { ...filter, cursor } as never, signal }),
    { id: (item) => item.id, order: (item) => item.created_at, topics: ["notifications"] },
  );
  const filtered = Object.values(query).some(Boolean);
  return (
    <>
      <PageHeading title="Notifications">{can("queue:read") && <a href={linkTo("/dead-letters", { kind: "notification" })}>Dead letters</a>}</PageHeading>
      {can("metrics:read") && <Circuits />}
      <Filters filters={filters} />
      <ListTable caption="Notifications, newest first" columns={columns} list={list} id={(item) => item.id}
        empty={filtered ? { title: "No notification has all of this", hint: "Remove a filter to see more." } : { title: "No notification yet", hint: "A change of a task that matches a subscription is sent to its connection and appears here." }} />
    </>
  );
}

function Circuits() {
  const overview = useResource("circuits", (signal) => get("/api/v1/overview", { signal }), { topics: ["incidents"], every: 30_000 });
  const circuits = overview.data?.circuits.filter((circuit) => circuit.state !== "closed") ?? [];
  if (!circuits.length) return null;
  return (
    <Section title="Open circuits">
      <ul class="rows">
        {circuits.map((circuit) => (
          <li key={circuit.connection}>
            <Status value={circuit.state} />
            <span>
              <a class="row-title" href={linkTo("/notifications", { connection: circuit.connection })}>{circuit.connection}</a>
              <div class="row-note">Nothing is sent to it{circuit.open_until && <> until it is tried again <Time at={circuit.open_until} /></>}: its target failed several times. Its notifications wait and are sent when it works again.</div>
            </span>
            <span class="muted">{circuit.openings} in a row</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
