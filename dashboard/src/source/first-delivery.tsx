import { useRef } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { Section } from "../components/basics";
import { Failure } from "../components/states";
import { Status } from "../components/status";
import { Time } from "../components/time";
import { adviceFor } from "../rejection/advice";
import { useResource } from "../resource";
import { linkTo } from "../router";

type Delivery = Schema<"DeliverySummary">;
type Rejection = Schema<"Rejection">;

/** Wait until a delivery of the source arrives that was not there before, and show requests that were rejected meanwhile. */
export function FirstDelivery({ provider, source }: { provider: string; source: string }) {
  const key = `${provider}/${source}`;
  const query = { provider, source, limit: 1 } as never;
  const deliveries = useResource(`first delivery ${key}`, (signal) => get("/api/v1/deliveries", { query, signal }), {
    topics: ["deliveries"],
    matters: (event) => event.data?.["provider"] === provider && event.data?.["source"] === source,
    every: 10_000,
  });
  const rejections = useResource(`first rejection ${key}`, (signal) => get("/api/v1/rejections", { query: { provider, source } as never, signal }), { every: 5_000 });
  const arrived = useNew(deliveries.data && (deliveries.data.items[0] ?? null), ({ id }) => id);
  const rejected = useNew(rejections.data && (rejections.data.items[0]?.last[0] ?? null), ({ request_id }) => request_id);
  const error = deliveries.error ?? rejections.error;
  return (
    <Section title="First delivery">
      {error !== undefined && <Failure error={error} onRetry={deliveries.reload} />}
      <div role="status" aria-live="polite" class="wait">
        {arrived ? <Arrived delivery={arrived} /> : <p><Status value="pending" label="waiting" /> Nothing has arrived since this page was opened. It is shown here as soon as it does: make an event at the provider, or let it send a test.</p>}
        {!arrived && rejected && <Refused rejection={rejected} />}
      </div>
    </Section>
  );
}

/** Return the value once it is another one than the first that was loaded. */
function useNew<T>(value: T | null | undefined, id: (value: T) => string): T | null {
  const first = useRef<string | null | undefined>(undefined);
  const present = value === undefined ? undefined : value && id(value);
  if (first.current === undefined) first.current = present;
  return value && present !== first.current ? value : null;
}

function Arrived({ delivery }: { delivery: Delivery }) {
  return (
    <p class="arrived">
      <strong>The first delivery has arrived.</strong> <Status value={delivery.status} /> <a href={linkTo(`/deliveries/${delivery.id}`)}>{delivery.event ?? "not interpreted"}</a> <Time at={delivery.received_at} />
      {delivery.reason && <span class="row-note">{delivery.reason}</span>}
    </p>
  );
}

function Refused({ rejection }: { rejection: Rejection }) {
  return (
    <div class="notice">
      <strong>A request arrived and was rejected</strong> <Time at={rejection.at} />: {rejection.reason}
      <p>{adviceFor(rejection.code)}</p>
    </div>
  );
}
