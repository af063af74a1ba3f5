import { type Schema, get } from "../api/client";
import { Facts, PageHeading, Section } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { words } from "../format";
import { useResource } from "../resource";
import { HealthHistory, Instances, accessOf } from "../service/instances";
import type { PageProps } from "./index";

type Service = Schema<"Service">;
type Route = Schema<"ServiceRoute">;

const routeColumns: readonly Column<Route>[] = [
  { name: "Path", isHeader: true, cell: (route) => <><code>{route.host ?? ""}{route.path}</code><div class="row-note">{route.id}</div></> },
  { name: "Methods", cell: (route) => route.methods.join(", ") || "all" },
  { name: "Version", wideOnly: true, cell: (route) => route.version ?? "–" },
  { name: "State", cell: (route) => <Status value={route.enabled ? "active" : "paused"} label={route.enabled ? "enabled" : "disabled"} /> },
];

/** One service: its instances with their health history, and the routes to it. */
export default function ServicePage({ params, setTitle }: PageProps) {
  const name = params["name"] ?? "";
  const path = { name };
  const live = { topics: ["services"], matters: (event: { data?: Record<string, unknown> }) => event.data?.["service"] === name, every: 60_000 };
  const service = useResource(`service ${name}`, async (signal) => {
    const found = await get("/api/v1/services/{name}", { path, signal });
    setTitle(name);
    return found;
  });
  const instances = useResource(`instances ${name}`, (signal) => get("/api/v1/services/{name}/instances", { path, signal }), live);
  const routes = useResource(`routes ${name}`, async (signal) => (await get("/api/v1/routes", { signal })).items.filter((route) => route.service === name));
  return (
    <>
      <PageHeading title={name} over={<a href="#/services">Services</a>} />
      <Loaded resource={service} rows={8}>
        {(loaded) => (
          <div class="main-and-side">
            <div class="stack">
              <Section title="Instances"><Loaded resource={instances}>{({ items }) => items.length ? <Instances service={name} instances={items} /> : <Empty title="No instances">They appear here when they register or are found.</Empty>}</Loaded></Section>
              <Section title="Routes"><Loaded resource={routes}>{(items) => items.length ? <Table caption={`Routes to ${name}`} columns={routeColumns} items={items} id={(route) => route.id} /> : <Empty title="No route leads here">Requests to it are answered with 404.</Empty>}</Loaded></Section>
            </div>
            <div class="stack">
              <Section title="Health history"><Loaded resource={instances}>{({ history }) => history.length ? <HealthHistory events={history} /> : <p class="muted">Nothing has changed yet.</p>}</Loaded></Section>
              <Details service={loaded} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Details({ service }: { service: Service }) {
  const check = service.health_check;
  return (
    <Section title="Details" aside={<Status value={service.enabled ? "active" : "paused"} label={service.enabled ? "enabled" : "disabled"} />}>
      <Facts facts={[
        ["Access", accessOf(service)],
        ["Balancing", words(service.balancing)],
        ["Retries", String(service.retries)],
        ["Checks", check ? `GET ${check.path} every ${check.interval_seconds} s` : "none"],
        ["Versions", Object.keys(service.versions ?? {}).join(", ")],
        ["Middlewares", service.middlewares.length ? String(service.middlewares.length) : "none"],
      ]} />
    </Section>
  );
}
