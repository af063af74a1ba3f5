import { type Schema, get, post } from "../api/client";
import { useAction } from "../components/action";
import { Facts, Id, PageHeading, Section } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { Time } from "../components/time";
import { Timeline, type TimelineItem } from "../components/timeline";
import { eventName, words } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";
import type { PageProps } from "./index";

type Notification = Schema<"NotificationView">;

/** One notification: its attempts, its text and what it is about. */
export default function NotificationPage({ params }: PageProps) {
  const path = { task_id: params["task"] ?? "", notification_id: params["id"] ?? "" };
  const can = usePermission();
  const notification = useResource(`notification ${path.notification_id}`, (signal) => get("/api/v1/tasks/{task_id}/notifications/{notification_id}", { path, signal }), {
    topics: ["notifications"],
    matters: (event) => event.data?.["id"] === path.notification_id,
  });
  const { busy, act } = useAction(notification.reload);
  const redeliver = () => act("Queued again", () => post("/api/v1/tasks/{task_id}/notifications/{notification_id}/redeliver", { path }));
  const { data } = notification;
  return (
    <>
      <PageHeading title={data?.title ?? "Notification"} over={<><a href="#/notifications">Notifications</a> <Id value={path.notification_id} label="notification id" /></>}>
        {data && can("notifications:write") && ["failed", "dead"].includes(data.status) && <button type="button" class="primary" disabled={busy} onClick={redeliver}>Send again</button>}
      </PageHeading>
      <Loaded resource={notification} rows={8}>
        {(loaded) => (
          <div class="main-and-side">
            <div class="stack">
              <Section title="Attempts" aside={<Status value={loaded.status} />}><Attempts notification={loaded} /></Section>
              {loaded.text && <Section title="Text"><pre class="body" tabIndex={0} aria-label="Text of the notification">{loaded.text}</pre></Section>}
            </div>
            <Details notification={loaded} />
          </div>
        )}
      </Loaded>
    </>
  );
}

function Attempts({ notification }: { notification: Notification }) {
  if (!notification.attempts.length) return <p class="muted">{notification.held ?? notification.waits ?? "None yet."}</p>;
  const items = notification.attempts.map((attempt, index): TimelineItem => ({
    key: String(index),
    at: attempt.at,
    title: words(attempt.outcome),
    detail: attempt.reason,
    tone: attempt.outcome === "delivered" ? "good" : "bad",
  }));
  return <Timeline label="Attempts to send it" items={items} />;
}

function Details({ notification }: { notification: Notification }) {
  return (
    <Section title="Details">
      <Facts facts={[
        ["To", `${notification.connection} (${notification.connector})`],
        ["About", eventName(notification.type)],
        ["Task", <a href={linkTo(`/tasks/${notification.task_id}`)}><code>{notification.task_id}</code></a>],
        ["Created", <Time at={notification.created_at} />],
        ["Changed", <Time at={notification.updated_at} />],
        ["Next try", notification.next_at && <Time at={notification.next_at} />],
        ["Waits for", notification.held ?? notification.waits],
        ["Given up", notification.expires_at && <Time at={notification.expires_at} />],
        ["Request", notification.request_id && <code>{notification.request_id}</code>],
      ]} />
    </Section>
  );
}
