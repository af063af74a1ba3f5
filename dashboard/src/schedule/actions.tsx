import { type Schema, post } from "../api/client";
import { useAction } from "../components/action";
import { randomText } from "../random";
import { usePermission } from "../session";

/** Pause or resume a schedule, or create a task of it now. */
export function ScheduleActions({ schedule: { name, enabled }, onChange }: { schedule: Schema<"Schedule">; onChange: () => void }) {
  const can = usePermission();
  const path = { name };
  const { busy, act } = useAction(onChange);
  return (
    <span class="row-actions">
      {can("tasks:write") && (
        <button type="button" aria-label={`Run ${name} now`} disabled={busy} onClick={() => act("Task created", () => post("/api/v1/schedules/{name}/run", { path, headers: { "Idempotency-Key": `"${randomText()}"` } }))}>Run now</button>
      )}
      {can("config:write") && enabled && (
        <button type="button" aria-label={`Pause ${name}`} disabled={busy} onClick={() => act(`The schedule ${name} is paused`, () => post("/api/v1/schedules/{name}/pause", { path }))}>Pause</button>
      )}
      {can("config:write") && !enabled && (
        <button type="button" aria-label={`Resume ${name}`} disabled={busy} onClick={() => act(`The schedule ${name} is resumed`, () => post("/api/v1/schedules/{name}/resume", { path }))}>Resume</button>
      )}
    </span>
  );
}
