import { type Schema, get } from "../api/client";
import { Id, PageHeading, Section } from "../components/basics";
import { type Filter, Filters } from "../components/filters";
import { Empty, Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { bytes, words } from "../format";
import { adviceFor } from "../rejection/advice";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import type { PageProps } from "./index";

type Rejections = Schema<"Rejections">;
type Rejection = Schema<"Rejection">;

const filters: readonly Filter[] = [
  { name: "provider", label: "Provider", placeholder: "github" },
  { name: "source", label: "Source", placeholder: "default" },
];

const columns: readonly Column<Rejection>[] = [
  { name: "Reason", isHeader: true, sort: (item) => item.code, cell: (item) => <>{item.reason}<div class="row-note">{words(item.code)}</div></> },
  { name: "At", sort: (item) => item.at, cell: (item) => <Time at={item.at} /> },
  { name: "Answered", numeric: true, sort: (item) => item.status, cell: (item) => item.status },
  { name: "From", sort: (item) => item.source_ip, cell: (item) => <span class="breakable">{item.source_ip || "unknown"}<div class="row-note">{item.user_agent}</div></span> },
  { name: "Size", wideOnly: true, numeric: true, sort: (item) => item.size ?? 0, cell: (item) => (item.size == null ? "–" : bytes(item.size)) },
  { name: "Request", wideOnly: true, cell: (item) => <Id value={item.request_id} label="request id" /> },
];

/** The requests that were refused, by source, and what to do about each reason. */
export default function RejectionsPage({ query }: PageProps) {
  const { provider, source } = query;
  const rejections = useResource(`rejections ${provider} ${source}`, (signal) => get("/api/v1/rejections", { query: { provider, source } as never, signal }), { every: 10_000 });
  const filtered = provider || source;
  return (
    <>
      <PageHeading title="Rejected requests" />
      <p class="muted">Nothing of these requests was verified: anybody may have sent them. Their bodies are not stored.</p>
      <Filters filters={filters} />
      <Loaded resource={rejections} rows={8}>
        {({ items }) => items.length === 0 ? (
          <Empty title={filtered ? "Nothing of this source was rejected" : "No request was rejected"}>Requests that are refused appear here with their reason, until a week has passed without any.</Empty>
        ) : items.map((each) => <SourceRejections key={`${each.provider}/${each.source}`} rejections={each} />)}
      </Loaded>
    </>
  );
}

function SourceRejections({ rejections }: { rejections: Rejections }) {
  const { provider, source, counts, since, last } = rejections;
  const codes = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return (
    <Section title={`${provider}/${source}`} aside={<>since <Time at={since} /></>}>
      <ul class="reasons" aria-label={`Reasons of ${provider}/${source}`}>
        {codes.map(([code, count]) => (
          <li key={code}>
            <span class="num reason-count">{count.toLocaleString("en")}</span>
            <span><strong>{words(code)}</strong><div class="row-note">{adviceFor(code)} <Remedy code={code} provider={provider} source={source} /></div></span>
          </li>
        ))}
      </ul>
      <Table caption={`The last rejected requests of ${provider}/${source}`} columns={columns} items={last} id={(item) => item.request_id} />
    </Section>
  );
}

function Remedy({ code, provider, source }: { code: string; provider: string; source: string }) {
  const can = usePermission();
  if (!["secret_missing", "signature_invalid", "unauthenticated"].includes(code) || !can("config:write")) return null;
  return <a href={linkTo("/sources/new", { provider, name: source })}>Set {provider}/{source} up</a>;
}
