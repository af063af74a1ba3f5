import type { Schema } from "../api/client";
import { Section } from "../components/basics";
import { Timeline, type TimelineItem } from "../components/timeline";
import { duration, words } from "../format";

type Step = Schema<"TaskStep">;

const tones: Record<string, TimelineItem["tone"]> = { succeeded: "good", failed: "bad", lease_lost: "bad", started: "busy", cancelled: "off", retrying: "off" };

/** What happened to a task, newest last. */
export function History({ changes }: { changes: readonly Schema<"PastChange">[] }) {
  const steps = changes.map((change) => change.data).sort((a, b) => a.version - b.version);
  const items = steps.map((step): TimelineItem => ({
    key: `${step.version}.${step.type}`,
    at: step.at,
    title: words(step.type),
    detail: [`by ${step.by}`, step.attempt ? `attempt ${step.attempt}` : "", step.reason ?? ""].filter(Boolean).join(" · "),
    tone: tones[step.type],
  }));
  return <Section title="Timeline"><Timeline label="What happened to this task" items={items} /></Section>;
}

interface AttemptRow {
  number: number;
  started: string;
  by: string;
  outcome: string;
  seconds: number | null;
}

/** The attempts of a task: who made them, how they ended and how long they took. */
export function Attempts({ changes, most }: { changes: readonly Schema<"PastChange">[]; most: number }) {
  const rows = attemptsOf(changes.map((change) => change.data));
  return (
    <Section title="Attempts" aside={`${rows.length} of ${most}`}>
      {rows.length === 0 ? <p class="muted">No worker has claimed it yet.</p> : (
        <ol class="attempts">
          {rows.map((row) => (
            <li key={`${row.number}.${row.started}`}>
              <strong>{row.number}</strong>
              <span>{words(row.outcome)}{row.seconds !== null && <span class="muted"> after {duration(row.seconds)}</span>}<div class="row-note">{row.by}</div></span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

function attemptsOf(steps: readonly Step[]): AttemptRow[] {
  const rows: AttemptRow[] = [];
  for (const step of [...steps].sort((a, b) => a.version - b.version)) {
    const open = rows.at(-1);
    if (step.type === "started") rows.push({ number: step.attempt, started: step.at, by: step.by, outcome: "running", seconds: null });
    else if (open?.outcome === "running" && step.status !== "running") {
      open.outcome = step.type;
      open.seconds = (Date.parse(step.at) - Date.parse(open.started)) / 1000;
    }
  }
  return rows;
}
