import { useState } from "preact/hooks";
import { type Schema, post } from "../api/client";
import { useAction } from "../components/action";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";

type Queue = Schema<"QueueStatusView">;

/** Pause a queue, with a reason, or resume it. */
export function Pausing({ queue, onChange }: { queue: Queue; onChange: () => void }) {
  const [asks, setAsks] = useState(false);
  const path = { priority: queue.priority };
  const { busy, act } = useAction(onChange);
  const resume = () => act(`The queue ${queue.priority} is resumed`, () => post("/api/v1/queue/{priority}/resume", { path }));
  if (queue.pause) return <button type="button" disabled={busy} onClick={resume} aria-label={`Resume the queue ${queue.priority}`}>Resume</button>;
  return (
    <>
      <button type="button" onClick={() => setAsks(true)} aria-label={`Pause the queue ${queue.priority}`}>Pause …</button>
      {asks && <PauseDialog path={path} onChange={onChange} onClose={() => setAsks(false)} />}
    </>
  );
}

function PauseDialog({ path, onChange, onClose }: { path: { priority: Queue["priority"] }; onChange: () => void; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const pause = async () => {
    await post("/api/v1/queue/{priority}/pause", { path, body: { reason: reason.trim() || null } as never });
    notify(`The queue ${path.priority} is paused`);
    onChange();
  };
  return (
    <ConfirmDialog title={`Pause the queue ${path.priority}?`} action="Pause the queue" danger onConfirm={pause} onClose={onClose}>
      <p>Workers get no tasks from it until it is resumed. Tasks that run go on, and new ones are queued. It takes effect within 30 seconds.</p>
      <label>
        <span>Reason (optional)</span>
        <input name="reason" maxLength={200} autocomplete="off" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
    </ConfirmDialog>
  );
}
