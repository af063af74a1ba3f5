import type { ComponentChildren } from "preact";
import { type Schema, get } from "../api/client";
import { PageHeading, Section } from "../components/basics";
import { Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { Clock } from "../components/time";
import { words } from "../format";
import { useResource } from "../resource";

type Cost = Schema<"CostResponse">;

interface Share {
  name: string;
  count: number | null;
  dollars: number;
}

const everyMinute = 60_000;
// The API rounds to it.
const leastAmount = 0.0001;

/** What the stack has cost in this month, and what that is made of. */
export default function CostPage() {
  const cost = useResource("cost", (signal) => get("/api/v1/cost", { signal }), { every: everyMinute });
  return (
    <>
      <PageHeading title="Cost" />
      <Loaded resource={cost} rows={6}>{(data) => <Estimate cost={data} />}</Loaded>
    </>
  );
}

function Estimate({ cost }: { cost: Cost }) {
  const shares: Share[] = [
    { name: "alarms and polls of queues", count: null, dollars: cost.standing },
    ...cost.work.map(({ item, count, dollars }) => ({ name: words(item), count, dollars })),
  ];
  const work = cost.work.reduce((sum, share) => sum + share.dollars, 0);
  return (
    <>
      <section class="tiles" aria-label="Totals">
        <Amount label="This month so far" dollars={cost.total} note={<>since <Clock at={cost.since} /></>} />
        <Amount label="Work" dollars={work} note="what was received, worked on and sent" />
        <Amount label="Standing" dollars={cost.standing} note={`${inDollars(cost.standing_month)} in a whole month`} />
      </section>
      <Section title="What it is made of">
        <Table caption="Parts of the cost" columns={columnsFor(cost.total)} items={shares} id={(share) => share.name} />
      </Section>
      <p class="muted">An estimate in US dollars, from counters and the prices of us-east-1 on demand. Free tiers of Lambda, heartbeats, reads of the API, storage, backups and
        traffic are not in it. A stack on your own machine costs nothing; this is what AWS would charge.</p>
    </>
  );
}

function Amount({ label, dollars, note }: { label: string; dollars: number; note: ComponentChildren }) {
  return (
    <div class="tile">
      <span class="tile-label">{label}</span>
      <div class="tile-value">{inDollars(dollars)}</div>
      <div class="tile-note">{note}</div>
    </div>
  );
}

const columnsFor = (total: number): Column<Share>[] => [
  { name: "Part", isHeader: true, sort: (share) => share.name, cell: (share) => share.name },
  { name: "Count", numeric: true, sort: (share) => share.count ?? -1, cell: (share) => share.count?.toLocaleString("en") ?? "–" },
  { name: "Each thousand", numeric: true, wideOnly: true, cell: (share) => (share.count && share.dollars ? inDollars((share.dollars / share.count) * 1000) : "–") },
  { name: "Cost", numeric: true, sort: (share) => share.dollars, cell: (share) => (share.count && !share.dollars ? `below ${inDollars(leastAmount)}` : inDollars(share.dollars)) },
  { name: "Share", numeric: true, cell: (share) => <ShareBar share={total ? share.dollars / total : 0} /> },
];

function ShareBar({ share }: { share: number }) {
  return (
    <span class="share">
      <svg width="64" height="8" viewBox="0 0 64 8" aria-hidden="true"><rect class="share-all" width="64" height="8" rx="2" /><rect class="share-part" width={64 * share} height="8" rx="2" /></svg>
      {(share * 100).toFixed(0)} %
    </span>
  );
}

/** Return an amount with the digits that it needs: `$0.0042`, `$27.32`. */
const inDollars = (amount: number): string => amount.toLocaleString("en", { style: "currency", currency: "USD", maximumFractionDigits: amount && Math.abs(amount) < 1 ? 4 : 2 });
