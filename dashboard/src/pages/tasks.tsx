import { get } from "../api/client";
import { PageHeading } from "../components/basics";
import { type Filter, Filters, instantOf } from "../components/filters";
import { Empty, Loaded } from "../components/states";
import { ListTable, More } from "../components/table";
import { type List, useList } from "../list";
import { linkTo } from "../router";
import { Board } from "../task/board";
import { type TaskSummary, priorities, taskColumns, taskStatuses } from "../task/columns";
import type { PageProps } from "./index";

const filters: readonly Filter[] = [
  { name: "status", label: "Status", options: taskStatuses },
  { name: "priority", label: "Priority", options: priorities },
  { name: "provider", label: "Provider", placeholder: "github" },
  { name: "repository", label: "Repository", placeholder: "octo-org/railway" },
  { name: "since", label: "Created since", type: "datetime-local" },
  { name: "until", label: "Created before", type: "datetime-local" },
];
const nothing = {
  title: "No tasks",
  hint: <>Send a webhook, or run <code>signalbox send github issue_comment --text "/agent fix the login"</code>. A new task appears here by itself.</>,
};
const nothingFound = { title: "No task has all of this", hint: "Remove a filter to see more." };

/** All tasks, as a table or as a board with a column for each status. */
export default function Tasks({ query }: PageProps) {
  const { view, ...filter } = query;
  const isBoard = view === "board";
  const list = useTasks(filter, isBoard ? 100 : 50);
  const empty = Object.values(filter).some(Boolean) ? nothingFound : nothing;
  return (
    <>
      <PageHeading title="Tasks">
        <nav class="tabs" aria-label="View">
          <a href={linkTo("/tasks", filter)} aria-current={isBoard ? undefined : "true"}>Table</a>
          <a href={linkTo("/tasks", { ...filter, view: "board" })} aria-current={isBoard ? "true" : undefined}>Board</a>
        </nav>
      </PageHeading>
      <Filters filters={isBoard ? filters.filter(({ name }) => name !== "status") : filters} />
      {isBoard ? <BoardView list={list} empty={empty} /> : <ListTable caption="Tasks, newest first" columns={taskColumns} list={list} id={(task) => task.id} empty={empty} />}
    </>
  );
}

function BoardView({ list, empty }: { list: List<TaskSummary>; empty: typeof nothing | typeof nothingFound }) {
  return (
    <>
      <Loaded resource={{ ...list, data: list.items }} rows={8}>
        {(items) => items.length ? <Board tasks={items} /> : <Empty title={empty.title}>{empty.hint}</Empty>}
      </Loaded>
      <More list={list} />
    </>
  );
}

function useTasks(filter: Record<string, string>, limit: number): List<TaskSummary> {
  const query = { ...filter, since: instantOf(filter["since"]), until: instantOf(filter["until"]), limit };
  return useList<TaskSummary>(
    JSON.stringify(query),
    (cursor, signal) => get("/api/v1/tasks", { query: { ...query, cursor } as never, signal }),
    { id: (task) => task.id, order: (task) => task.created_at, topics: ["tasks"] },
  );
}
