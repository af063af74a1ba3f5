import { Status } from "../components/status";
import { Time } from "../components/time";
import { type TaskSummary, TaskLink, taskStatuses } from "./columns";

/** Tasks in a column for each status. */
export function Board({ tasks }: { tasks: readonly TaskSummary[] }) {
  return (
    <div class="board" role="region" aria-label="Tasks by status" tabIndex={0}>
      {taskStatuses.filter((status) => status !== "awaiting_approval" || tasks.some((task) => task.status === status)).map((status) => <BoardColumn key={status} status={status} tasks={tasks.filter((task) => task.status === status)} />)}
    </div>
  );
}

function BoardColumn({ status, tasks }: { status: string; tasks: readonly TaskSummary[] }) {
  const heading = `board-${status}`;
  return (
    <section class="board-column" aria-labelledby={heading}>
      <h2 id={heading}><Status value={status} /><span class="muted num">{tasks.length}</span></h2>
      {tasks.length > 0 && (
        <ul>
          {tasks.map((task) => (
            <li key={task.id} class="board-card" data-id={task.id}>
              <TaskLink task={task} />
              <div class="row-note"><span class={`priority-${task.priority}`}>{task.priority}</span> · <Time at={task.updated_at} /></div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
