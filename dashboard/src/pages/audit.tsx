import type { Schema } from "../api/client";
import { get } from "../api/client";
import { VerifyAudit } from "../access/verify";
import { PageHeading } from "../components/basics";
import { type Filter, Filters } from "../components/filters";
import { Status } from "../components/status";
import { type Column, ListTable } from "../components/table";
import { Time } from "../components/time";
import { type List, useList } from "../list";
import { linkTo } from "../router";
import type { PageProps } from "./index";

/** A record of the log; `event` is null if it cannot be read. */
interface Entry {
  day: string;
  number: number;
  event: Schema<"AuditEvent"> | null;
}

const filters: readonly Filter[] = [
  { name: "result", label: "Result", options: ["allowed", "denied", "failed"] },
  { name: "actor", label: "Who", placeholder: "key:…" },
  { name: "action", label: "Did", placeholder: "POST" },
  { name: "object", label: "To", placeholder: "/api/v1/keys" },
  { name: "since", label: "Since the day (UTC)", type: "date" },
];
const results: Record<string, string> = { allowed: "succeeded", denied: "warning", failed: "failed" };

const columns: readonly Column<Entry>[] = [
  { name: "Did", isHeader: true, cell: ({ event, number }) => (event ? <span class="row-title">{event.action}</span> : `record ${number}`) },
  { name: "Result", cell: ({ event }) => (event ? <Status value={results[event.result] ?? "off"} label={event.result} /> : <Status value="failed" label="cannot be read" />) },
  { name: "To", cell: ({ event }) => <span class="breakable">{event?.object}</span> },
  { name: "Who", cell: ({ event }) => event && <><a class="breakable" href={linkTo("/audit", { actor: event.actor })}>{event.actor}</a><div class="row-note">{event.source_ip}</div></> },
  { name: "Request", wideOnly: true, cell: ({ event }) => event && <code class="breakable">{event.request_id}</code> },
  { name: "When", cell: ({ event, day }) => (event ? <Time at={event.at} /> : day) },
];

/** Who changed what and who was denied, and whether the log is as it was written. */
export default function Audit({ query }: PageProps) {
  const list = useAudit(query);
  const filtered = Object.values(query).some(Boolean);
  return (
    <>
      <PageHeading title="Audit log"><button type="button" disabled={list.loading} onClick={list.reload}>Refresh</button></PageHeading>
      <VerifyAudit />
      <Filters filters={filters} />
      <ListTable caption="Records of the audit log, newest first" columns={columns} list={list} id={positionOf}
        empty={filtered ? { title: "No record has all of this", hint: "Remove a filter to see more." } : { title: "Nothing was recorded in the last 30 days", hint: "Changes and denied requests appear here." }} />
    </>
  );
}

function useAudit(query: Record<string, string>): List<Entry> {
  const { result, actor, action, object, since } = query;
  const filter = { result, actor, action, object, since, limit: 50 };
  return useList<Entry>(
    JSON.stringify(filter),
    async (cursor, signal) => {
      const page = await get("/api/v1/audit", { query: { ...filter, cursor } as never, signal });
      const readable = page.items.map(({ day, number, entry }): Entry => ({ day, number, event: entry }));
      const items = [...readable, ...page.unreadable.map(unreadable)].sort((a, b) => positionOf(b).localeCompare(positionOf(a)));
      return { items, next: page.next ?? null };
    },
    { id: positionOf, order: positionOf },
  );
}

function unreadable(position: string): Entry {
  const [day = "", number = ""] = position.split("/");
  return { day, number: Number(number), event: null };
}

const positionOf = ({ day, number }: Entry): string => `${day}/${String(number).padStart(8, "0")}`;
