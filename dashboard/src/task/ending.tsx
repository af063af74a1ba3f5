import { useState } from "preact/hooks";
import { type Schema, post, request } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { counted } from "../format";
import { countOf, mayHaveDependents, useDependents } from "./dependents";

type Task = Schema<"TaskView">;
interface EndingProps {
  task: Task;
  onChange: () => void;
  onClose: () => void;
}

/** The header with which a request changes the task only as it is shown. */
export const etagOf = (task: Task): Record<string, string> => ({ "If-Match": `"v${task.version}"` });

/** Ask before a task is cancelled, alone or with all that depend on it. */
export function CancelDialog({ task, onChange, onClose }: EndingProps) {
  const [reason, setReason] = useState("");
  const [subtree, setSubtree] = useState(false);
  const dependents = useDependents(task.id);
  const cancel = async () => {
    const options = { path: { task_id: task.id }, headers: etagOf(task) };
    const given = reason.trim() || undefined;
    let done = "Task cancelled";
    try {
      if (subtree) {
        const { dependents: ended, more } = await post("/api/v1/tasks/{task_id}/cancel", { ...options, body: { reason: given, subtree } as never });
        done += `, with ${counted(ended?.length ?? 0, "task")} that depended on it${more ? "; the others follow within minutes" : ""}`;
      } else await request("delete", "/api/v1/tasks/{task_id}", { ...options, query: { reason: given } as never });
    } finally {
      onChange();
    }
    notify(done);
  };
  return (
    <ConfirmDialog title="Cancel this task?" action={subtree ? "Cancel all of them" : "Cancel the task"} danger onConfirm={cancel} onClose={onClose}>
      <p class="quote">{task.title}</p>
      <p>A worker that runs it learns of it at its next heartbeat. A cancelled task can be retried.</p>
      {mayHaveDependents(dependents) && (
        <>
          <p>{dependents.data && `Waiting for it: ${countOf(dependents.data)}. `}Tasks that wait for it are cancelled too, except those that run after a failure.</p>
          <label class="choice">
            <input type="checkbox" name="subtree" checked={subtree} onChange={(event) => setSubtree(event.currentTarget.checked)} />
            <span>With all tasks that depend on it, these included</span>
          </label>
        </>
      )}
      <ReasonField value={reason} onInput={setReason} />
    </ConfirmDialog>
  );
}

/** Ask before a task is rejected that awaits approval. */
export function RejectDialog({ task, onChange, onClose }: EndingProps) {
  const [reason, setReason] = useState("");
  const reject = async () => {
    try {
      await post("/api/v1/tasks/{task_id}/reject", { path: { task_id: task.id }, query: { reason: reason.trim() || undefined } as never, headers: etagOf(task) });
    } finally {
      onChange();
    }
    notify("Task rejected");
  };
  return (
    <ConfirmDialog title="Reject this task?" action="Reject the task" danger onConfirm={reject} onClose={onClose}>
      <p class="quote">{task.title}</p>
      <p>It is cancelled and does not run. It can be retried.</p>
      <ReasonField value={reason} onInput={setReason} />
    </ConfirmDialog>
  );
}

function ReasonField({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  return (
    <label>
      <span>Reason (optional)</span>
      <input class="wide" name="reason" maxLength={200} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}
