import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { ApiProblem } from "../api/problems";
import { PageHeading } from "../components/basics";
import { type Filter, Filters, instantOf } from "../components/filters";
import { notifyError } from "../components/messages";
import { Status } from "../components/status";
import { type Column, ListTable } from "../components/table";
import { Time } from "../components/time";
import { bytes } from "../format";
import { useList } from "../list";
import { linkTo, navigate } from "../router";
import type { PageProps } from "./index";

type Delivery = Schema<"DeliverySummary">;

const statuses = ["pending", "accepted", "ignored", "failed", "handshake"] as const;
const filters: readonly Filter[] = [
  { name: "status", label: "Status", options: statuses },
  { name: "provider", label: "Provider", placeholder: "github" },
  { name: "source", label: "Source", placeholder: "default" },
  { name: "since", label: "Received since", type: "datetime-local" },
  { name: "until", label: "Received before", type: "datetime-local" },
];

const columns: readonly Column<Delivery>[] = [
  {
    name: "Delivery", isHeader: true, sort: (item) => item.event ?? "",
    cell: (item) => (
      <>
        <a class="row-title" href={linkTo(`/deliveries/${item.id}`)}>{item.event ?? "not interpreted"}</a>
        <div class="row-note">{item.key}</div>
      </>
    ),
  },
  { name: "Status", sort: (item) => item.status, cell: (item) => <><Status value={item.status} />{item.reason && <div class="row-note">{item.reason}</div>}</> },
  { name: "From", sort: (item) => item.provider, cell: (item) => `${item.provider}/${item.source}` },
  { name: "Tasks", wideOnly: true, numeric: true, sort: (item) => item.task_ids.length, cell: (item) => item.task_ids.length },
  { name: "Size", wideOnly: true, numeric: true, sort: (item) => item.size, cell: (item) => bytes(item.size) },
  { name: "Received", sort: (item) => item.received_at, cell: (item) => <Time at={item.received_at} /> },
];

/** The webhooks that were accepted, what became of each, and a search by any of their ids. */
export default function Deliveries({ query }: PageProps) {
  const filter = { ...query, since: instantOf(query["since"]), until: instantOf(query["until"]), limit: 50 };
  const list = useList<Delivery>(
    JSON.stringify(filter),
    (cursor, signal) => get("/api/v1/deliveries", { query: { ...filter, cursor } as never, signal }),
    { id: (item) => item.id, order: (item) => item.received_at, topics: ["deliveries"] },
  );
  const filtered = Object.values(query).some(Boolean);
  return (
    <>
      <PageHeading title="Deliveries"><Search provider={query["provider"]} source={query["source"]} /></PageHeading>
      <Filters filters={filters} />
      <ListTable caption="Deliveries, newest first" columns={columns} list={list} id={(item) => item.id}
        empty={filtered ? { title: "No delivery has all of this", hint: "Remove a filter to see more." }
          : { title: "No webhook has arrived yet", hint: <>Enter the address of a source at its provider, or run <code>signalbox send github issue_comment</code>.</> }} />
    </>
  );
}

function Search({ provider, source }: { provider: string | undefined; source: string | undefined }) {
  const [text, setText] = useState("");
  const [missing, setMissing] = useState("");
  const find = async () => {
    const key = text.trim();
    setMissing("");
    if (!key) return;
    if (key.startsWith("tsk_")) return navigate(`/tasks/${encodeURIComponent(key)}`);
    if (key.startsWith("dlv_")) return navigate(`/deliveries/${encodeURIComponent(key)}`);
    try {
      const found = await get("/api/v1/explain", { query: { key, provider: provider ?? "github", ...(source && { source }) } as never });
      navigate(`/deliveries/${found.delivery_id}`);
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) setMissing(key);
      else notifyError(error);
    }
  };
  return (
    <form class="search" role="search" aria-label="Find a delivery" onSubmit={(event) => {
      event.preventDefault();
      void find();
    }}>
      <input type="search" name="key" aria-label="Id of a delivery, or of the provider" placeholder={`dlv_… or the id of ${provider ?? "github"}`} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit">Find</button>
      {missing && <p class="field-error" role="alert">{provider ?? "github"} sent nothing with the id {missing}. It may have been refused; choose another provider in the filters to search there.</p>}
    </form>
  );
}
