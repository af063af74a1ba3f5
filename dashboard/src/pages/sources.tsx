import { type Schema, get } from "../api/client";
import { CopyButton, PageHeading } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import { webhookUrl } from "../source/setup";

type Source = Schema<"Source">;

const keyOf = (source: Source): string => `${source.provider}/${source.name}`;
const rulesOf = (source: Source): string => [
  source.networks.length && "networks", source.body_schema && "schema", source.filter && "filter", source.transform && "transform", source.approval && "approval", source.burst && "burst",
].filter(Boolean).join(", ");

function columns(can: ReturnType<typeof usePermission>): Column<Source>[] {
  return [
    { name: "Source", isHeader: true, sort: keyOf, cell: (source) => <><span class="row-title">{keyOf(source)}</span><div class="row-note id"><span class="breakable">{webhookUrl(source.provider, source.name)}</span><CopyButton text={webhookUrl(source.provider, source.name)} label="URL" /></div></> },
    { name: "State", sort: (source) => Number(source.enabled), cell: (source) => <Status value={source.enabled ? "active" : "paused"} label={source.enabled ? "enabled" : "disabled"} /> },
    { name: "Events without a command", wideOnly: true, cell: (source) => source.events.join(", ") || <span class="muted">none</span> },
    { name: "Commands", wideOnly: true, cell: (source) => source.commands.join(", ") || <span class="muted">all</span> },
    { name: "Rules", wideOnly: true, cell: (source) => rulesOf(source) || <span class="muted">none</span> },
    { name: "Look at", cell: (source) => <Links source={source} can={can} /> },
  ];
}

function Links({ source: { provider, name }, can }: { source: Source; can: ReturnType<typeof usePermission> }) {
  const links = [
    can("deliveries:read") && { text: "Deliveries", path: "/deliveries", query: { provider, source: name } },
    can("deliveries:read") && { text: "Rejected", path: "/rejections", query: { provider, source: name } },
    can("config:write") && { text: "Set up", path: "/sources/new", query: { provider, name } },
  ].filter((link) => link !== false);
  return <span class="links">{links.map(({ text, path, query }) => <a key={text} href={linkTo(path, query)} aria-label={`${text} of ${provider}/${name}`}>{text}</a>)}</span>;
}

/** The configured sources, and the way to a new one. */
export default function Sources() {
  const can = usePermission();
  const sources = useResource("sources", (signal) => get("/api/v1/sources", { signal }), { every: 30_000 });
  return (
    <>
      <PageHeading title="Sources">{can("config:write") && <a class="button primary" href="#/sources/new">Set up a source</a>}</PageHeading>
      <p class="muted">The source <code>default</code> of each provider needs no configuration, only a secret.</p>
      <Loaded resource={sources} rows={6}>
        {({ items }) => items.length === 0 ? <Empty title="No source is configured">Set one up here, or write it into the manifest and run <code>signalbox apply</code>.</Empty>
          : <Table caption="Sources" columns={columns(can)} items={items} id={keyOf} />}
      </Loaded>
    </>
  );
}
