import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { Section } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { Clock } from "../components/time";
import { useLive } from "../live";
import { usePolling, useThrottled } from "../resource";

type Line = Schema<"LogLine">;

interface LogState {
  lines: readonly Line[] | undefined;
  error: unknown;
}

const append = (old: readonly Line[], added: readonly Line[]): readonly Line[] => {
  const last = old.at(-1)?.seq ?? 0;
  return [...old, ...added.filter((line) => line.seq > last)];
};

/** The log of a task, as it grows. */
export function Log({ id }: { id: string }) {
  const { lines, error, reload } = useLog(id);
  const frame = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [lines]);
  const onScroll = () => {
    const list = frame.current;
    if (list) follows.current = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  };
  return (
    <Section title="Log" aside={lines?.length ? `${lines.length} lines` : undefined}>
      <Loaded resource={{ data: lines, error, reload }}>
        {(shown) => shown.length ? (
          <ol class="log" ref={frame} onScroll={onScroll} tabIndex={0} aria-label="Lines of the log">
            {shown.map((line, index) => <LogRow key={line.seq} line={line} attempt={line.attempt !== shown[index - 1]?.attempt} />)}
          </ol>
        ) : <Empty title="No lines yet">Lines that the worker prints appear here as they arrive.</Empty>}
      </Loaded>
    </Section>
  );
}

function LogRow({ line, attempt }: { line: Line; attempt: boolean }) {
  return (
    <>
      {attempt && <li class="log-attempt">Attempt {line.attempt}</li>}
      <li><Clock at={line.at} brief /><span class="log-text">{line.text}</span></li>
    </>
  );
}

function useLog(id: string): LogState & { reload: () => void } {
  const [state, setState] = useState<LogState>({ lines: undefined, error: undefined });
  const lines = useRef<readonly Line[]>([]);
  const add = useCallback((added: readonly Line[]) => {
    lines.current = append(lines.current, added);
    setState({ lines: lines.current, error: undefined });
  }, []);
  const pull = useCallback(async () => {
    try {
      let after: number | null = lines.current.at(-1)?.seq ?? 0;
      while (after !== null) {
        const page: Schema<"LogLineList"> = await get("/api/v1/tasks/{task_id}/logs", { path: { task_id: id }, query: { after, limit: 500 } as never });
        add(page.items);
        after = page.next;
      }
    } catch (error) {
      setState((old) => ({ ...old, error }));
    }
  }, [id, add]);
  const soon = useThrottled(pull);
  useEffect(() => soon(), [soon]);
  usePolling(soon);
  useLive([`task/${id}/log`], (event) => {
    const added = (event?.data?.["lines"] ?? []) as Line[];
    const next = (lines.current.at(-1)?.seq ?? 0) + 1;
    // Lines that do not follow the last one were missed, or are too long for a frame: the API has them.
    if (added[0] && added[0].seq <= next) add(added);
    else soon();
  });
  return { ...state, reload: () => void pull() };
}
