import type { Schema } from "../api/client";
import { Status } from "../components/status";
import type { Column } from "../components/table";
import { Time } from "../components/time";
import { linkTo } from "../router";

export type TaskSummary = Schema<"TaskSummary">;

export const taskStatuses = ["awaiting_approval", "pending", "running", "succeeded", "failed", "cancelled"] as const;
export const priorities = ["high", "normal", "low"] as const;
const urgency: Record<string, number> = { high: 0, normal: 1, low: 2 };

/** The columns of a table of tasks. */
export const taskColumns: readonly Column<TaskSummary>[] = [
  { name: "Task", isHeader: true, sort: (task) => task.title, cell: (task) => <TaskLink task={task} /> },
  { name: "Status", sort: (task) => task.status, cell: (task) => <Status value={task.status} /> },
  { name: "Priority", wideOnly: true, sort: (task) => urgency[task.priority] ?? 3, cell: (task) => <span class={`priority-${task.priority}`}>{task.priority}</span> },
  { name: "From", wideOnly: true, sort: (task) => task.provider, cell: (task) => `${task.provider}/${task.source}` },
  { name: "Attempt", wideOnly: true, numeric: true, sort: (task) => task.attempt, cell: (task) => task.attempt },
  { name: "Created", wideOnly: true, sort: (task) => task.created_at, cell: (task) => <Time at={task.created_at} /> },
  { name: "Changed", sort: (task) => task.updated_at, cell: (task) => <Time at={task.updated_at} /> },
];

/** The title of a task as a link to its page, with what tells it from others. */
export function TaskLink({ task }: { task: Pick<TaskSummary, "id" | "title" | "repository" | "author" | "kind"> }) {
  return (
    <>
      <a class="row-title" href={linkTo(`/tasks/${task.id}`)}>{task.title}</a>
      <div class="row-note">{[task.kind, task.repository, task.author].filter(Boolean).join(" · ")}</div>
    </>
  );
}
