import type { ComponentChildren } from "preact";
import { type Schema, post } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { Loaded } from "../components/states";
import { Status } from "../components/status";
import { counted } from "../format";
import { useResource } from "../resource";
import { linkTo } from "../router";

type Replay = Schema<"ReplayResponse">;

/** Show what a replay would change, then do it if the person agrees. */
export function ReplayDialog({ id, onDone, onClose }: { id: string; onDone: () => void; onClose: () => void }) {
  const path = { delivery_id: id };
  const replay = (dry: boolean) => post("/api/v1/deliveries/{delivery_id}/replay", { path, ...(dry && { query: { dry_run: true } as never }) });
  const preview = useResource(`replay ${id}`, () => replay(true));
  const confirm = async () => {
    const { created } = await replay(false);
    notify(created.length ? `Replayed: ${counted(created.length, "task")} created` : "Replayed: nothing was missing");
    onDone();
  };
  return (
    <ConfirmDialog title="Replay this delivery?" action="Replay" disabled={!preview.data} onConfirm={confirm} onClose={onClose}>
      <p>It is interpreted again with the present code and configuration. Tasks that exist stay as they are; those that are missing are created.</p>
      <Loaded resource={preview}>{(data) => <Difference replay={data} />}</Loaded>
    </ConfirmDialog>
  );
}

function Difference({ replay }: { replay: Replay }) {
  return (
    <>
      <p><strong>{replay.differs ? "This would change something." : "This would change nothing."}</strong></p>
      <table class="diff">
        <thead><tr><th scope="col"><span class="visually-hidden">What</span></th><th scope="col">Now</th><th scope="col">After the replay</th></tr></thead>
        <tbody>
          <Row name="Status" before={<Status value={replay.status_before} />} after={<Status value={replay.status} />} changed={replay.status_before !== replay.status} />
          <Row name="Tasks" before={counted(replay.existing.length, "task")} after={counted(replay.existing.length + replay.created.length, "task")} changed={replay.created.length > 0} />
        </tbody>
      </table>
      {replay.reason && <p>Reason: {replay.reason}</p>}
      {replay.notes.length > 0 && <ul>{replay.notes.map((note) => <li key={note}>{note}</li>)}</ul>}
      {replay.created.length > 0 && (
        <ul aria-label="Tasks that would be created">
          {replay.created.map((task) => <li key={task.id}>+ {task.title} <span class="muted">({task.kind}, {task.priority})</span></li>)}
        </ul>
      )}
      {replay.existing.length > 0 && <p class="muted">Stays: {replay.existing.map((task) => <a key={task} href={linkTo(`/tasks/${task}`)}><code>{task}</code></a>)}</p>}
    </>
  );
}

function Row({ name, before, after, changed }: { name: string; before: ComponentChildren; after: ComponentChildren; changed: boolean }) {
  return <tr><th scope="row">{name}</th><td>{before}</td><td class={changed ? "changed" : undefined}>{after}</td></tr>;
}
