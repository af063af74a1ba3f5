import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { type Filter, Filters } from "../components/filters";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { useResource } from "../resource";
import { linkTo } from "../router";
import type { PageProps } from "./index";

type Incident = Schema<"IncidentView">;

const filters: readonly Filter[] = [{ name: "status", label: "Status", options: ["open", "resolved"] }];

// Which page of the dashboard shows what a path of the API lists.
const pagesOf: Record<string, string> = { tasks: "/tasks", deliveries: "/deliveries", notifications: "/notifications", rejections: "/rejections", queue: "/queues", services: "/services", "queue/dead-letters": "/dead-letters" };

const columns: readonly Column<Incident>[] = [
  { name: "Incident", isHeader: true, sort: (item) => item.title, cell: (item) => <><Title incident={item} /><div class="row-note">{item.last_error}</div></> },
  { name: "Status", sort: (item) => item.status, cell: (item) => <><Status value={item.status} />{item.resolved_at && <div class="row-note"><Time at={item.resolved_at} /></div>}</> },
  { name: "Severity", sort: (item) => item.severity, cell: (item) => <Status value={item.status === "open" ? item.severity : "ignored"} label={item.severity} /> },
  { name: "Failures", numeric: true, sort: (item) => item.count, cell: (item) => <>{item.count.toLocaleString("en")}{item.recurrence > 0 && <div class="row-note">returned {item.recurrence} ×</div>}</> },
  { name: "First", wideOnly: true, sort: (item) => item.first_at, cell: (item) => <Time at={item.first_at} /> },
  { name: "Last", sort: (item) => item.last_at, cell: (item) => <Time at={item.last_at} /> },
  { name: "Shown by", wideOnly: true, cell: (item) => <code class="breakable">{item.action}</code> },
];

function Title({ incident }: { incident: Incident }) {
  const page = pageOf(incident.link);
  return page ? <a class="row-title" href={page}>{incident.title}</a> : <span class="row-title">{incident.title}</span>;
}

/** Return the page that shows what a path of the API lists, with the same filters. */
function pageOf(link: string): string | null {
  const { pathname, searchParams } = new URL(link, window.location.href);
  const page = pagesOf[pathname.replace(/^\/api\/v1\//, "")];
  return page ? linkTo(page, Object.fromEntries(searchParams)) : null;
}

/** Failures with the same cause, open and resolved. */
export default function Incidents({ query }: PageProps) {
  const { status } = query;
  const incidents = useResource(`incidents ${status}`, (signal) => get("/api/v1/incidents", { query: { status } as never, signal }), { topics: ["incidents"] });
  return (
    <>
      <PageHeading title="Incidents" />
      <Filters filters={filters} />
      <Loaded resource={incidents} rows={6}>
        {({ items }) => items.length === 0 ? (
          <Empty title={status === "open" ? "Nothing is broken" : "There are no incidents"}>Failures with the same cause appear here as one incident. It is resolved when they have ended.</Empty>
        ) : <Table caption="Incidents, the latest first" columns={columns} items={items} id={(incident) => incident.id} />}
      </Loaded>
    </>
  );
}
