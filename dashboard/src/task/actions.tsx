import { useId, useState } from "preact/hooks";
import { type Schema, post, request } from "../api/client";
import { ApiProblem } from "../api/problems";
import { useAction } from "../components/action";
import { notify, notifyError } from "../components/messages";
import { usePermission } from "../session";
import { priorities } from "./columns";
import { CancelDialog, RejectDialog, etagOf } from "./ending";

type Task = Schema<"TaskView">;
interface ActionsProps {
  task: Task;
  onChange: () => void;
}

const isOpen = (task: Task): boolean => ["awaiting_approval", "pending", "running"].includes(task.status);

/** What the session may do with the task in its present state. */
export function TaskActions({ task, onChange }: ActionsProps) {
  const can = usePermission();
  const [dialog, setDialog] = useState<"cancel" | "reject" | null>(null);
  const path = { task_id: task.id };
  const { busy, act } = useAction(onChange);
  return (
    <>
      {can("tasks:write") && isOpen(task) && <PriorityChoice task={task} onChange={onChange} />}
      {can("tasks:approve") && task.status === "awaiting_approval" && (
        <>
          <button type="button" class="primary" disabled={busy} onClick={() => act("Task approved", () => post("/api/v1/tasks/{task_id}/approve", { path, headers: etagOf(task) }))}>Approve</button>
          <button type="button" class="danger" onClick={() => setDialog("reject")}>Reject …</button>
        </>
      )}
      {can("tasks:write") && ["failed", "cancelled"].includes(task.status) && (
        <button type="button" class="primary" disabled={busy} onClick={() => act("Task queued again", () => post("/api/v1/tasks/{task_id}/retry", { path, headers: etagOf(task) }))}>Retry</button>
      )}
      {can("tasks:write") && isOpen(task) && <button type="button" class="danger" onClick={() => setDialog("cancel")}>Cancel …</button>}
      {dialog === "cancel" && <CancelDialog task={task} onChange={onChange} onClose={() => setDialog(null)} />}
      {dialog === "reject" && <RejectDialog task={task} onChange={onChange} onClose={() => setDialog(null)} />}
    </>
  );
}

function PriorityChoice({ task, onChange }: ActionsProps) {
  const id = useId();
  const change = async (priority: string) => {
    try {
      await request("patch", "/api/v1/tasks/{task_id}", { path: { task_id: task.id }, body: { priority } as never, headers: etagOf(task) });
      notify(`Priority is ${priority} now`);
    } catch (error) {
      notifyError(error);
      if (!(error instanceof ApiProblem)) return;
    }
    onChange();
  };
  return (
    <span class="inline-field">
      <label for={id} class="muted">Priority</label>
      <select id={id} name="priority" value={task.priority} onChange={(event) => void change(event.currentTarget.value)}>
        {priorities.map((priority) => <option key={priority} value={priority}>{priority}</option>)}
      </select>
    </span>
  );
}
