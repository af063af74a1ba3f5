import { useEffect } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { ExternalLink, Facts, Id, PageHeading, Section } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { Time } from "../components/time";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { can } from "../session";
import { TaskActions } from "../task/actions";
import { WaitingTasks } from "../task/dependents";
import { Attempts, History } from "../task/history";
import { Log } from "../task/log";
import { TaskNotifications } from "../task/notifications";
import type { PageProps } from "./index";

type Task = Schema<"TaskView">;

/** One task: what it is, what happened to it, its log, and what one can do with it. */
export default function TaskPage({ params, setTitle }: PageProps) {
  const id = params["id"] ?? "";
  const path = { task_id: id };
  const topics = [`task/${id}`];
  const task = useResource(`task ${id}`, (signal) => get("/api/v1/tasks/{task_id}", { path, signal }), { topics });
  const changes = useResource(`changes ${id}`, (signal) => get("/api/v1/tasks/{task_id}/changes", { path, signal }), { topics });
  const title = task.data?.title;
  useEffect(() => {
    if (title) setTitle(title);
  }, [title]);
  const reload = () => {
    task.reload();
    changes.reload();
  };
  return (
    <>
      <PageHeading title={title ?? "Task"} over={<><a href="#/tasks">Tasks</a> <Id value={id} label="task id" /></>}>
        {task.data && <TaskActions task={task.data} onChange={reload} />}
      </PageHeading>
      <Loaded resource={task} rows={8}>
        {(data) => (
          <div class="main-and-side">
            <div class="stack">
              <Outcome task={data} />
              <Log id={id} />
              <Request task={data} />
            </div>
            <div class="stack">
              <TaskFacts task={data} />
              {changes.data && <Attempts changes={changes.data.items} most={data.max_attempts} />}
              {changes.data && <History changes={changes.data.items} />}
              <WaitingTasks id={id} />
              {can("notifications:read") && <TaskNotifications id={id} />}
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Outcome({ task }: { task: Task }) {
  return (
    <Section title="State" aside={<Time at={task.updated_at} />}>
      <p class="state-line"><Status value={task.status} />{task.progress && <span>{task.progress}</span>}</p>
      {task.reason && <p class="quote">{task.reason}</p>}
      {task.result && (
        <>
          {task.result.summary && <p class="quote">{task.result.summary}</p>}
          {task.result.url && <p><ExternalLink href={task.result.url} /></p>}
          {Object.keys(task.result.data ?? {}).length > 0 && <pre class="body" tabIndex={0} aria-label="Data of the result">{JSON.stringify(task.result.data, null, 2)}</pre>}
        </>
      )}
    </Section>
  );
}

function Request({ task }: { task: Task }) {
  const text = task.instruction || task.description;
  const words = task.arguments.join(" ");
  if (!text && !words) return null;
  return (
    <Section title="What was asked">
      <p class="untrusted">Written by {task.author ?? "the sender"}; it is shown as it came.</p>
      {text && <p class="quote">{text}</p>}
      {task.instruction && task.description && task.description !== task.instruction && <details><summary>Description</summary><p class="quote">{task.description}</p></details>}
      {words && words !== text && <p><code>{words}</code></p>}
    </Section>
  );
}

function TaskFacts({ task }: { task: Task }) {
  const lease = task.lease_expires_at && task.status === "running";
  return (
    <Section title="Details">
      <Facts facts={[
        ["Kind", task.kind],
        ["Priority", <span class={`priority-${task.priority}`}>{task.priority}</span>],
        ["From", `${task.provider}/${task.source}${task.event ? `: ${task.event}` : ""}`],
        ["Author", task.author],
        ["Repository", task.repository],
        ["Branch", task.branch],
        ["Commit", task.commit && <code>{task.commit}</code>],
        ["Link", task.url && <ExternalLink href={task.url} />],
        ["Labels", task.labels.length ? task.labels.map((label) => <span key={label} class="tag">{label}</span>) : null],
        ["Delivery", task.delivery_id && <a href={linkTo(`/deliveries/${task.delivery_id}`)}><code>{task.delivery_id}</code></a>],
        ["Created", <Time at={task.created_at} />],
        ["Due", task.due && <Time at={task.due} />],
        ["Not before", task.not_before && <Time at={task.not_before} />],
        ["Runs after", task.after?.length ? task.after.map((id) => <div key={id}><a href={linkTo(`/tasks/${id}`)}><code>{id}</code></a>{task.waits_for?.includes(id) ? " (waits)" : ""}</div>) : null],
        ["Group", task.group && <>{task.group}{task.group_policy === "latest" && <span class="muted"> (the latest wins)</span>}</>],
        ["Limited by", task.limited_by],
        ["Started", task.started_at && <Time at={task.started_at} />],
        ["Finished", task.finished_at && <Time at={task.finished_at} />],
        ["Worker", task.worker],
        ["Lease ends", lease && <Time at={task.lease_expires_at} />],
        ["Decide by", task.status === "awaiting_approval" && task.approval ? <Time at={task.approval.expires_at} /> : null],
      ]} />
    </Section>
  );
}
