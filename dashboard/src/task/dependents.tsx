import { type Schema, get } from "../api/client";
import { Section } from "../components/basics";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { counted } from "../format";
import { type Resource, useResource } from "../resource";
import { TaskLink } from "./columns";

type Dependents = Schema<"DependentList">;

/** Load the tasks that wait for a task. */
export function useDependents(id: string, topics: readonly string[] = []): Resource<Dependents> {
  return useResource(`dependents ${id}`, (signal) => get("/api/v1/tasks/{task_id}/dependents", { path: { task_id: id }, signal }), { topics });
}

/** Return how many tasks those are: `1 task`, `more than 20 tasks`. */
export const countOf = ({ items, more }: Dependents): string => `${more ? "more than " : ""}${counted(items.length, "task")}`;

/** Return whether some tasks wait, as far as is known; where they cannot be loaded there may be some. */
export const mayHaveDependents = ({ data, error }: Resource<Dependents>): boolean => data ? data.items.length > 0 || data.more : error !== undefined;

/** The tasks that wait for a task; nothing if there are none. */
export function WaitingTasks({ id }: { id: string }) {
  const list = useDependents(id, [`task/${id}`]);
  // Most tasks have none: what follows must not move when that is known.
  if (!mayHaveDependents(list)) return null;
  return (
    <Section title="Tasks that wait for it" aside={list.data && countOf(list.data)}>
      <Loaded resource={list} rows={1}>
        {({ items }) => (
          <ul class="attempts">
            {items.map((task) => (
              <li key={task.id} data-id={task.id}>
                <Status value={task.status} />
                <span><TaskLink task={task} /></span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
