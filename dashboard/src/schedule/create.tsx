import { useState } from "preact/hooks";
import { type Schema, request } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { priorities } from "../task/columns";

const start = { name: "", timing: "cron", cron: "", timezone: "UTC", at: "", title: "", kind: "task", priority: "normal", group: "", policy: "queue" };
type Fields = typeof start;

/** Add a schedule, whose tasks may belong to a group. */
export function ScheduleDialog({ onChange, onClose }: { onChange: () => void; onClose: () => void }) {
  const [fields, setFields] = useState(start);
  const set = (changes: Partial<Fields>) => setFields((old) => ({ ...old, ...changes }));
  const repeats = fields.timing === "cron";
  const complete = fields.name.trim() && fields.title.trim() && (repeats ? fields.cron.trim() && fields.timezone.trim() : fields.at);
  const add = async () => {
    const body = scheduleOf(fields);
    try {
      await request("put", "/api/v1/schedules/{name}", { path: { name: body.name }, body, headers: { "If-None-Match": "*" } });
    } finally {
      onChange();
    }
    notify(`The schedule ${body.name} is added`);
  };
  return (
    <ConfirmDialog title="Add a schedule" action="Add the schedule" disabled={!complete} onConfirm={add} onClose={onClose}>
      <Field label="Name" name="name" max={64} value={fields.name} onInput={(name) => set({ name })} />
      <Choice label="Runs" name="timing" value={fields.timing} options={{ cron: "again and again", at: "once" }} onChange={(timing) => set({ timing })} />
      {repeats ? (
        <>
          <Field label="Cron: minute, hour, day, month, day of the week" name="cron" max={100} placeholder="0 7 * * MON" value={fields.cron} onInput={(cron) => set({ cron })} />
          <Field label="Time zone" name="timezone" max={64} value={fields.timezone} onInput={(timezone) => set({ timezone })} />
        </>
      ) : (
        <label>
          <span>At, by the clock of this computer</span>
          <input class="wide" type="datetime-local" name="at" value={fields.at} onInput={(event) => set({ at: event.currentTarget.value })} />
        </label>
      )}
      <Field label="Title of the task" name="title" max={200} value={fields.title} onInput={(title) => set({ title })} />
      <Field label="Kind" name="kind" max={64} value={fields.kind} onInput={(kind) => set({ kind })} />
      <Choice label="Priority" name="priority" value={fields.priority} options={Object.fromEntries(priorities.map((each) => [each, each]))} onChange={(priority) => set({ priority })} />
      <Field label="Group (optional): of a group one task runs at once" name="group" max={128} value={fields.group} onInput={(group) => set({ group })} />
      {fields.group.trim() && (
        <Choice label="If an earlier task of the group still waits" name="group_policy" value={fields.policy} options={{ queue: "run after it", latest: "cancel it: the latest wins" }} onChange={(policy) => set({ policy })} />
      )}
    </ConfirmDialog>
  );
}

function scheduleOf({ name, timing, cron, timezone, at, title, kind, priority, group, policy }: Fields): Schema<"Schedule"> {
  const timed = timing === "cron" ? { cron: cron.trim(), timezone: timezone.trim() } : { at: new Date(at).toISOString() };
  const grouped = group.trim() ? { group: group.trim(), group_policy: policy } : {};
  return { name: name.trim(), ...timed, task: { title: title.trim(), kind: kind.trim() || "task", priority, ...grouped } } as Schema<"Schedule">;
}

interface FieldProps {
  label: string;
  name: string;
  max: number;
  value: string;
  placeholder?: string;
  onInput: (value: string) => void;
}

function Field({ label, name, max, value, placeholder, onInput }: FieldProps) {
  return (
    <label>
      <span>{label}</span>
      <input class="wide" name={name} maxLength={max} autocomplete="off" placeholder={placeholder} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}

function Choice({ label, name, value, options, onChange }: { label: string; name: string; value: string; options: Record<string, string>; onChange: (value: string) => void }) {
  return (
    <label>
      <span>{label}</span>
      <select name={name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {Object.entries(options).map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
    </label>
  );
}
