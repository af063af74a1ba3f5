import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { Facts, Id, PageHeading, Section } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { Time } from "../components/time";
import { Timeline, type TimelineItem } from "../components/timeline";
import { Body } from "../delivery/body";
import { ReplayDialog } from "../delivery/replay";
import { bytes, words } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import type { PageProps } from "./index";

type Delivery = Schema<"DeliveryView">;

/** One delivery: its whole story, what was sent, and replaying it. */
export default function DeliveryPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const path = { delivery_id: id };
  const can = usePermission();
  const [replaying, setReplaying] = useState(false);
  const isAbout = { topics: ["deliveries"], matters: (event: { data?: Record<string, unknown> }) => event.data?.["id"] === id };
  const delivery = useResource(`delivery ${id}`, (signal) => get("/api/v1/deliveries/{delivery_id}", { path, signal }), isAbout);
  const story = useResource(`story ${id}`, (signal) => get("/api/v1/deliveries/{delivery_id}/explain", { path, signal }), {
    topics: ["deliveries", "tasks", "notifications"],
    matters: (event) => [event.data?.["id"], event.data?.["task_id"]].some((each) => each === id || delivery.data?.task_ids.includes(each as string)),
  });
  const reload = () => {
    delivery.reload();
    story.reload();
  };
  return (
    <>
      <PageHeading title={delivery.data?.event ?? "Delivery"} over={<><a href="#/deliveries">Deliveries</a> <Id value={id} label="delivery id" /></>}>
        {delivery.data && can("deliveries:write") && <button type="button" onClick={() => setReplaying(true)}>Replay …</button>}
      </PageHeading>
      <Loaded resource={delivery} rows={8}>
        {(data) => (
          <div class="main-and-side">
            <div class="stack">
              <Section title="Story" aside={<Status value={data.status} />}>
                <Loaded resource={story}>{({ steps }) => <Timeline label="What became of this delivery" items={steps.map(itemOf)} />}</Loaded>
              </Section>
              <Body delivery={data} />
            </div>
            <div class="stack">
              <DeliveryFacts delivery={data} />
              <Headers headers={data.headers} />
            </div>
          </div>
        )}
      </Loaded>
      {replaying && <ReplayDialog id={id} onDone={reload} onClose={() => setReplaying(false)} />}
    </>
  );
}

const titles: Record<string, string> = { read: "interpreted", today: "with the present configuration", repeated: "repeats", follow_up: "follow-up" };

function itemOf(step: Schema<"TimelineStep">, index: number): TimelineItem {
  const task = step.ids?.["task_id"];
  const failed = ["attempt", "read"].includes(step.what) && /fail|dead|refused|error/i.test(step.detail);
  return {
    key: String(index),
    at: step.at,
    title: titles[step.what] ?? words(step.what),
    detail: <>{step.detail}{task && (step.what === "task" || step.what === "command") && <> <a href={linkTo(`/tasks/${task}`)}>Open the task</a></>}</>,
    tone: failed ? "bad" : undefined,
  };
}

function DeliveryFacts({ delivery }: { delivery: Delivery }) {
  return (
    <Section title="Details">
      <Facts facts={[
        ["From", `${delivery.provider}/${delivery.source}`],
        ["Provider's id", <Id value={delivery.key} label="id of the provider" />],
        ["Received", <Time at={delivery.received_at} />],
        ["Repeats", delivery.duplicates.count ? <>{delivery.duplicates.count}, the last <Time at={delivery.duplicates.last_at} /></> : "none"],
        ["Size", bytes(delivery.size)],
        ["Reason", delivery.reason],
        ["Notes", delivery.notes.length ? <ul>{delivery.notes.map((note) => <li key={note}>{note}</li>)}</ul> : null],
        ["Tasks", delivery.task_ids.length ? <ul>{delivery.task_ids.map((task) => <li key={task}><a href={linkTo(`/tasks/${task}`)}><code>{task}</code></a></li>)}</ul> : "none"],
        ["Replayed", delivery.replayed_at && <><Time at={delivery.replayed_at} /> by {delivery.replayed_by}</>],
        ["Request", delivery.request_id && <code>{delivery.request_id}</code>],
      ]} />
    </Section>
  );
}

function Headers({ headers }: { headers: Record<string, string> }) {
  return (
    <Section title="Headers" aside="without signatures">
      <Facts facts={Object.entries(headers).map(([name, value]) => [name, value] as const)} />
    </Section>
  );
}
