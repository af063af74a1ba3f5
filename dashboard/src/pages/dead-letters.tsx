import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { type Filter, Filters, instantOf } from "../components/filters";
import { type Column, ListTable } from "../components/table";
import { Time } from "../components/time";
import { useList } from "../list";
import { RedriveDialog, type Selection, keyOf } from "../queue/redrive";
import { linkTo } from "../router";
import { usePermission } from "../session";
import { priorities } from "../task/columns";
import type { PageProps } from "./index";

type DeadLetter = Schema<"DeadLetter">;

const filters: readonly Filter[] = [
  { name: "kind", label: "Kind", options: ["task", "notification"] },
  { name: "priority", label: "Priority", options: priorities },
  { name: "provider", label: "Provider", placeholder: "github" },
  { name: "connection", label: "Connection", placeholder: "team-slack" },
  { name: "since", label: "Failed since", type: "datetime-local" },
  { name: "until", label: "Failed before", type: "datetime-local" },
];

const columns: readonly Column<DeadLetter>[] = [
  { name: "Dead letter", isHeader: true, sort: (item) => item.title, cell: (item) => <><a class="row-title" href={pageOf(item)}>{item.title}</a><div class="row-note">{item.reason}</div></> },
  { name: "Kind", sort: (item) => item.kind, cell: (item) => <>{item.kind}{item.connection && <div class="row-note">to {item.connection}</div>}</> },
  { name: "Priority", wideOnly: true, cell: (item) => <span class={`priority-${item.priority}`}>{item.priority}</span> },
  { name: "Provider", wideOnly: true, sort: (item) => item.provider, cell: (item) => item.provider },
  { name: "Attempts", wideOnly: true, numeric: true, sort: (item) => item.attempts, cell: (item) => item.attempts },
  { name: "Failed", sort: (item) => item.failed_at, cell: (item) => <Time at={item.failed_at} /> },
];

const pageOf = (item: DeadLetter): string => linkTo(item.notification_id ? `/notifications/${item.task_id}/${item.notification_id}` : `/tasks/${item.task_id}`);
const one = (item: DeadLetter): Selection => ({ kind: item.kind, task_id: item.task_id, ...(item.notification_id && { notification_id: item.notification_id }) });

/** Tasks and notifications that have no attempts left, and redriving them. */
export default function DeadLetters({ query }: PageProps) {
  const can = usePermission();
  const [selection, setSelection] = useState<Selection | null>(null);
  const { kind, ...rest } = query;
  const filter = { ...rest, since: instantOf(query["since"]), until: instantOf(query["until"]) };
  const list = useList<DeadLetter>(
    JSON.stringify({ kind, ...filter }),
    (cursor, signal) => get("/api/v1/queue/dead-letters", { query: { kind, ...filter, cursor } as never, signal }),
    { id: keyOf, order: (item) => item.failed_at, topics: ["tasks", "notifications"], every: 30_000 },
  );
  const filtered = Object.values(query).some(Boolean);
  const redrive: Column<DeadLetter> = { name: "Repair", cell: (item) => <button type="button" aria-label={`Redrive ${item.title}`} onClick={() => setSelection(one(item))}>Redrive …</button> };
  const isKind = kind === "task" || kind === "notification";
  return (
    <>
      <PageHeading title="Dead letters">
        {can("queue:write") && isKind && list.items?.length !== 0 && <button type="button" onClick={() => setSelection({ kind, ...filter })}>Redrive all {kind}s of these filters …</button>}
      </PageHeading>
      <Filters filters={filters} />
      {can("queue:write") && !isKind && <p class="muted">Choose a kind to redrive many at once.</p>}
      <ListTable caption="Dead letters" columns={can("queue:write") ? [...columns, redrive] : columns} list={list} id={keyOf}
        empty={filtered ? { title: "No dead letter has all of this", hint: "Remove a filter to see more." } : { title: "There are no dead letters", hint: "Tasks and notifications that failed at their last attempt appear here." }} />
      {selection && <RedriveDialog selection={selection} onChange={list.reload} onClose={() => setSelection(null)} />}
    </>
  );
}
