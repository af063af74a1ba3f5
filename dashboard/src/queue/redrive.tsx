import { useState } from "preact/hooks";
import { type Schema, post } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { Loaded } from "../components/states";
import { counted } from "../format";
import { useResource } from "../resource";

type DeadLetter = Schema<"DeadLetter">;
export type Selection = Pick<Schema<"RedriveRequest">, "kind"> & Partial<Schema<"RedriveRequest">>;

interface RedriveProps {
  selection: Selection;
  onChange: () => void;
  onClose: () => void;
}

const batch = 100;

/** Show which dead letters a redrive would queue again, then do it if the person agrees. */
export function RedriveDialog({ selection, onChange, onClose }: RedriveProps) {
  const [reached, setReached] = useState(0);
  const body = { ...selection, limit: batch };
  const send = (dry: boolean, cursor?: string) => post("/api/v1/queue/redrive", { body: { ...body, ...(cursor && { cursor }) } as never, ...(dry && { query: { dry_run: true } as never }) });
  const preview = useResource(`redrive ${JSON.stringify(selection)}`, () => send(true));
  const redrive = async () => {
    let done = 0;
    let refused = 0;
    let next: string | null | undefined = undefined;
    try {
      do {
        const page: Schema<"RedriveResponse"> = await send(false, next ?? undefined);
        done += page.redriven.length;
        refused += page.refused.length;
        setReached(done);
        next = page.next;
      } while (next);
    } finally {
      onChange();
    }
    notify(`${counted(done, "dead letter")} queued again${refused ? `, ${refused} refused` : ""}`);
  };
  const found = preview.data?.redriven.length ?? 0;
  return (
    <ConfirmDialog title="Redrive?" action="Redrive" disabled={!preview.data || (!found && !preview.data.next)} onConfirm={redrive} onClose={onClose}>
      <p>Tasks get new attempts and are queued again; notifications are sent again. What made them fail should be repaired first.</p>
      <Loaded resource={preview}>{(data) => <Preview redrive={data} />}</Loaded>
      {reached > 0 && <p role="status">{counted(reached, "dead letter")} queued again so far.</p>}
    </ConfirmDialog>
  );
}

function Preview({ redrive }: { redrive: Schema<"RedriveResponse"> }) {
  const { redriven, refused, next } = redrive;
  return (
    <>
      <p><strong>{next ? `More than ${counted(redriven.length, "dead letter")} would be queued again, in lots of ${batch}.` : `${counted(redriven.length, "dead letter")} would be queued again.`}</strong></p>
      <ul class="preview" tabIndex={0} aria-label="What would be queued again">{redriven.slice(0, 10).map((letter) => <li key={keyOf(letter)}>{letter.title}{letter.connection && <span class="muted"> to {letter.connection}</span>}</li>)}</ul>
      {refused.length > 0 && <ul aria-label="What is refused">{refused.map(({ letter, reason }) => <li key={keyOf(letter)}>{letter.title}: {reason}</li>)}</ul>}
    </>
  );
}

/** Return what tells a dead letter from all others. */
export const keyOf = (letter: DeadLetter): string => `${letter.task_id}/${letter.notification_id ?? ""}`;
