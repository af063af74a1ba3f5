import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { PageHeading } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { useResource } from "../resource";
import { linkTo } from "../router";
import { ScheduleActions } from "../schedule/actions";
import { ScheduleDialog } from "../schedule/create";
import { usePermission } from "../session";

type Schedule = Schema<"Schedule">;

/** The schedules: when they create which tasks. */
export default function Schedules() {
  const can = usePermission();
  const schedules = useResource("schedules", (signal) => get("/api/v1/schedules", { signal }), { every: 30_000 });
  const [open, setOpen] = useState(false);
  return (
    <>
      <PageHeading title="Schedules">
        {can("tasks:read") && <a href={linkTo("/tasks", { provider: "schedule" })}>Tasks of schedules</a>}
        {can("config:write") && <button type="button" class="primary" onClick={() => setOpen(true)}>Add a schedule …</button>}
      </PageHeading>
      <Loaded resource={schedules} rows={4}>
        {({ items }) => items.length === 0 ? (
          <Empty title="No schedule is configured">A schedule creates a task at certain times. Add one here, or write it into the manifest and run <code>signalbox apply</code>.</Empty>
        ) : <Table caption="Schedules" columns={columnsFor(schedules.reload)} items={items} id={(schedule) => schedule.name} />}
      </Loaded>
      {open && <ScheduleDialog onChange={schedules.reload} onClose={() => setOpen(false)} />}
    </>
  );
}

const columnsFor = (onChange: () => void): Column<Schedule>[] => [
  { name: "Schedule", isHeader: true, sort: ({ name }) => name, cell: ({ name, task }) => <><span class="row-title">{name}</span><div class="row-note">{task.title}</div></> },
  { name: "State", sort: ({ enabled }) => Number(enabled), cell: ({ enabled }) => <Status value={enabled ? "active" : "paused"} label={enabled ? "enabled" : "paused"} /> },
  { name: "Runs", cell: ({ cron, timezone, at }) => at ? <>once, <Time at={at} /></> : <><code>{cron}</code><div class="row-note">{timezone}</div></> },
  { name: "Group", wideOnly: true, sort: ({ task }) => task.group ?? "", cell: ({ task }) => task.group && <>{task.group}<div class="row-note">{task.group_policy === "latest" ? "the latest wins" : "one after the other"}</div></> },
  { name: "Actions", cell: (schedule) => <ScheduleActions schedule={schedule} onChange={onChange} /> },
];
