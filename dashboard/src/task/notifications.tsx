import { get } from "../api/client";
import { Section } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { Time } from "../components/time";
import { eventName } from "../format";
import { useResource } from "../resource";

/** The notifications about a task and whether they arrived. */
export function TaskNotifications({ id }: { id: string }) {
  const list = useResource(`notifications ${id}`, (signal) => get("/api/v1/tasks/{task_id}/notifications", { path: { task_id: id }, signal }), {
    topics: ["notifications"],
    matters: (event) => event.data?.["task_id"] === id,
  });
  return (
    <Section title="Notifications">
      <Loaded resource={list} rows={2}>
        {({ items }) => items.length === 0 ? <p class="muted">None. No subscription matched a change of this task.</p> : (
          <ul class="attempts">
            {items.map((item) => (
              <li key={item.id}>
                <Status value={item.status} />
                <span>{item.connection}: {eventName(item.type)}<div class="row-note"><Time at={item.updated_at} />{item.last_reason && ` · ${item.last_reason}`}</div></span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
