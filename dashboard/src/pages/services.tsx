import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { words } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { accessOf } from "../service/instances";

type Service = Schema<"Service">;
type Instances = Schema<"InstanceList">;

interface Row {
  service: Service;
  instances: Instances | null;
}

const columns: readonly Column<Row>[] = [
  {
    name: "Service", isHeader: true, sort: ({ service }) => service.name,
    cell: ({ service }) => <><a class="row-title" href={linkTo(`/services/${service.name}`)}>{service.name}</a><div class="row-note">{accessOf(service)}</div></>,
  },
  { name: "Health", cell: (row) => <Health {...row} /> },
  { name: "Balancing", wideOnly: true, sort: ({ service }) => service.balancing, cell: ({ service }) => words(service.balancing) },
  { name: "Checks", wideOnly: true, cell: ({ service }) => (service.health_check ? `${service.health_check.path} every ${service.health_check.interval_seconds} s` : <span class="muted">none</span>) },
  { name: "Middlewares", numeric: true, wideOnly: true, cell: ({ service }) => service.middlewares.length },
];

function Health({ service, instances }: Row) {
  if (!service.enabled) return <Status value="paused" label="disabled" />;
  if (!instances) return <span class="muted">unknown</span>;
  const healthy = instances.items.filter((item) => item.state === "healthy").length;
  const all = instances.items.length;
  const state = healthy === all && all ? "healthy" : healthy ? "warning" : "unhealthy";
  return <Status value={state} label={all ? `${healthy} of ${all} healthy` : "no instances"} />;
}

async function rowsOf(signal: AbortSignal): Promise<Row[]> {
  const { items } = await get("/api/v1/services", { signal });
  return Promise.all(items.map(async (service) => ({
    service,
    // One service whose instances cannot be read must not hide the others.
    instances: await get("/api/v1/services/{name}/instances", { path: { name: service.name }, signal }).catch(() => null),
  })));
}

/** The services behind the gateway and how many of their instances are healthy. */
export default function Services() {
  const services = useResource("services", rowsOf, { topics: ["services"], every: 60_000 });
  return (
    <>
      <PageHeading title="Services" />
      <Loaded resource={services} rows={6}>
        {(rows) => rows.length === 0 ? (
          <Empty title="No service is configured">The gateway forwards requests to services. Write one with its instances and a route into the manifest and run <code>signalbox apply</code>.</Empty>
        ) : <Table caption="Services" columns={columns} items={rows} id={({ service }) => service.name} />}
      </Loaded>
    </>
  );
}
