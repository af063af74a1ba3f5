import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { ConnectionTest } from "../connection/check";
import { words } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";

type Connection = Schema<"Connection">;
type Circuit = Schema<"CircuitMetrics">;

/** The configured targets of notifications, with their circuits and a test of each. */
export default function Connections() {
  const can = usePermission();
  const connections = useResource("connections", (signal) => get("/api/v1/connections", { signal }), { every: 30_000 });
  const overview = useResource("circuits", async (signal) => (can("metrics:read") ? (await get("/api/v1/overview", { signal })).circuits : []), { topics: ["incidents"], every: 30_000 });
  const circuits = new Map((overview.data ?? []).map((circuit) => [circuit.connection as string, circuit]));
  return (
    <>
      <PageHeading title="Connections" />
      <Loaded resource={connections} rows={6}>
        {({ items }) => items.length === 0 ? (
          <Empty title="No connection is configured">Write one into the manifest with its connector and settings, run <code>signalbox apply</code>, and store its secret.</Empty>
        ) : <Table caption="Connections" columns={columnsWith(circuits, can)} items={items} id={(connection) => connection.id} />}
      </Loaded>
    </>
  );
}

function columnsWith(circuits: ReadonlyMap<string, Circuit>, can: ReturnType<typeof usePermission>): Column<Connection>[] {
  const columns: Column<Connection>[] = [
    { name: "Connection", isHeader: true, sort: ({ id }) => id, cell: ({ id, connector }) => <><span class="row-title">{id}</span><div class="row-note">{connector}</div></> },
    { name: "State", sort: ({ enabled }) => Number(enabled), cell: (connection) => <State connection={connection} circuit={circuits.get(connection.id)} /> },
    { name: "Sends", wideOnly: true, cell: rulesOf },
  ];
  if (can("notifications:read")) columns.push({ name: "Look at", wideOnly: true, cell: ({ id }) => <a href={linkTo("/notifications", { connection: id })} aria-label={`Notifications to ${id}`}>Notifications</a> });
  if (can("config:write")) columns.push({ name: "Test", cell: ({ id }) => <ConnectionTest id={id} /> });
  return columns;
}

function State({ connection, circuit }: { connection: Connection; circuit: Circuit | undefined }) {
  if (!connection.enabled) return <><Status value="paused" label="disabled" /><div class="row-note">its notifications wait</div></>;
  if (circuit && circuit.state !== "closed") return <><Status value={circuit.state} label={`circuit ${words(circuit.state)}`} /><div class="row-note">{circuit.openings} in a row</div></>;
  return <Status value="active" label="enabled" />;
}

const rulesOf = (connection: Connection): string => [
  connection.incidents && "alerts of incidents",
  connection.rate_limit && "with a rate limit",
  connection.order !== "none" && `in order by ${connection.order}`,
  connection.auth && "with an access token",
].filter(Boolean).join(", ") || "as soon as possible";
