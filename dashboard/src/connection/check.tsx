import { useRef, useState } from "preact/hooks";
import { type Schema, get, post } from "../api/client";
import { notifyError } from "../components/messages";
import { Status } from "../components/status";
import { useLive } from "../live";
import { randomText } from "../random";
import { usePolling, useThrottled } from "../resource";
import { linkTo } from "../router";
import { usePermission } from "../session";

type Notification = Schema<"NotificationView">;

/** A button that sends a test notification, and what became of the last one. */
export function ConnectionTest({ id }: { id: string }) {
  const can = usePermission();
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<Notification | null>(null);
  const send = async () => {
    setBusy(true);
    try {
      setSent(await post("/api/v1/connections/{connection_id}/test", { path: { connection_id: id }, headers: { "Idempotency-Key": randomText() } }));
    } catch (error) {
      notifyError(error);
    }
    setBusy(false);
  };
  return (
    <div class="connection-test">
      {can("config:write") && <button type="button" disabled={busy} aria-label={`Send a test to ${id}`} onClick={() => void send()}>Send a test</button>}
      <div role="status" aria-live="polite">{sent && (can("notifications:read") ? <Outcome key={sent.id} notification={sent} /> : "sent")}</div>
    </div>
  );
}

/** The state of a test notification, until it has ended. */
function Outcome({ notification }: { notification: Notification }) {
  const [state, setState] = useState(notification);
  const ended = useRef(false);
  const path = { task_id: notification.task_id, notification_id: notification.id };
  const look = async () => {
    if (ended.current) return;
    try {
      const found = await get("/api/v1/tasks/{task_id}/notifications/{notification_id}", { path });
      ended.current = !["queued", "sending"].includes(found.status);
      setState(found);
    } catch (error) {
      ended.current = true;
      notifyError(error);
    }
  };
  const soon = useThrottled(look);
  useLive(["notifications"], (event) => {
    if (event?.data?.["id"] === notification.id) soon();
  });
  usePolling(soon, 3_000);
  return (
    <>
      <Status value={state.status} /> <a href={linkTo(`/notifications/${path.task_id}/${path.notification_id}`)}>Test</a>
      <div class="row-note">{state.held ?? state.last_reason}</div>
    </>
  );
}
