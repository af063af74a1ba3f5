import { useEffect, useRef, useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { Section } from "../components/basics";
import { Failure } from "../components/states";
import { Status } from "../components/status";

type Verification = Schema<"VerifyAuditResponse">;

interface Run {
  days: string[];
  done: Verification[];
  error?: unknown;
}

const dayLength = 86_400_000;
const lengths: Record<string, string> = { "1": "today", "7": "7 days", "30": "30 days" };

/** Verify the chain of records, day by day. */
export function VerifyAudit() {
  const [length, setLength] = useState("7");
  const [run, setRun] = useState<Run | null>(null);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);
  const verify = async () => {
    const { signal } = (controller.current = new AbortController());
    let state: Run = { days: lastDays(Number(length)), done: [] };
    setRun(state);
    try {
      for (const day of state.days) {
        const verified = await get("/api/v1/audit/{day}/verify", { path: { day }, signal });
        state = { ...state, done: [...state.done, verified] };
        setRun(state);
      }
    } catch (error) {
      if (!signal.aborted) setRun({ ...state, error });
    }
  };
  const busy = !!run && run.error === undefined && run.done.length < run.days.length;
  return (
    <Section title="Verification">
      <form class="inline-field" onSubmit={(event) => {
        event.preventDefault();
        void verify();
      }}>
        <label class="inline-field">
          <span class="visually-hidden">Days to verify</span>
          <select name="days" value={length} onChange={(event) => setLength(event.currentTarget.value)}>
            {Object.entries(lengths).map(([value, text]) => <option key={value} value={value}>{text}</option>)}
          </select>
        </label>
        <button type="submit" disabled={busy}>Verify</button>
      </form>
      <div role="status">{run && <Outcome run={run} busy={busy} />}</div>
      {run?.error !== undefined && <Failure error={run.error} onRetry={() => void verify()} />}
      <p class="muted">Each record has the hash of the one before, so a record that was changed, inserted or removed is found. Records removed from the
        end of the newest day are found as soon as a later day has a record.</p>
    </Section>
  );
}

function Outcome({ run, busy }: { run: Run; busy: boolean }) {
  const broken = run.done.filter(({ intact }) => !intact);
  return (
    <>
      {busy && <p>Verifying {run.days[run.done.length]}: {run.done.length + 1} of {run.days.length} …</p>}
      {!busy && !broken.length && run.error === undefined && (
        <p class="state-line"><Status value="succeeded" label="intact" /> {run.days.length === 1 ? run.days[0] : `${run.days.at(-1)} to ${run.days[0]}`}</p>
      )}
      {broken.map(({ day, breach }) => <p key={day} class="state-line"><Status value="failed" label="tampered with" /> {day}: record {breach?.number} {breach?.reason}</p>)}
    </>
  );
}

/** Return the last days in UTC, the newest first. */
const lastDays = (count: number): string[] => Array.from({ length: count }, (_, index) => new Date(Date.now() - index * dayLength).toISOString().slice(0, 10));
