import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { retryDelay } from "./api/problems";
import { type LiveEvent, liveStatus, useLive } from "./live";
import { useStore } from "./store";

const pollEvery = 10_000;
const leastPause = 1_000;

export interface Resource<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

export interface ResourceOptions {
  /** Topics whose events mean that the data may have changed. */
  topics?: readonly string[];
  /** Events that matter; all by default. */
  matters?: (event: LiveEvent) => boolean;
  /** Poll although a socket is open: for what no topic reports. Milliseconds. */
  every?: number;
}

/** Load data, again whenever `key` or what the topics report changes; poll where there is no socket. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, options: ResourceOptions = {}): Resource<T> {
  const [state, setState] = useState<{ key: string; data: T | undefined; error: unknown; loading: boolean }>(() => ({ key, data: undefined, error: undefined, loading: true }));
  const loader = useRef(load);
  loader.current = load;
  const soon = useThrottled(() => reload());
  const current = useRef<{ controller: AbortController; again: boolean } | null>(null);

  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const reload = useCallback(async () => {
    // What changes all the time must not keep the page from ever seeing a response.
    if (current.current) {
      current.current.again = true;
      return;
    }
    clearTimeout(retry.current);
    const run = { controller: new AbortController(), again: false };
    const { controller } = run;
    current.current = run;
    setState((old) => ({ key, data: old.key === key ? old.data : undefined, error: old.key === key ? old.error : undefined, loading: true }));
    try {
      const data = await loader.current(controller.signal);
      if (!controller.signal.aborted) setState({ key, data, error: undefined, loading: false });
    } catch (error) {
      if (controller.signal.aborted) return;
      setState((old) => ({ ...old, error, loading: false }));
      const delay = retryDelay(error);
      if (delay !== null) retry.current = setTimeout(soon, delay);
    }
    if (controller.signal.aborted) return;
    current.current = null;
    if (run.again) soon();
  }, [key]);

  useEffect(() => {
    void reload();
    return () => {
      clearTimeout(retry.current);
      current.current?.controller.abort();
      current.current = null;
    };
  }, [reload]);
  useLive(options.topics ?? [], (event) => {
    if (!event || (options.matters?.(event) ?? true)) soon();
  });
  usePolling(soon, options.every);
  const shown = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data: shown.data, error: shown.error, loading: shown.loading, reload: () => void reload() };
}

/** Return a function that runs `action` at once, then at most once a second. */
export function useThrottled(action: () => Promise<void> | void): () => void {
  const latest = useRef(action);
  latest.current = action;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const last = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    const wait = Math.max(0, last.current + leastPause - Date.now());
    timer.current = setTimeout(() => {
      last.current = Date.now();
      void latest.current();
    }, wait);
  }, []);
}

/** Run `action` every few seconds while the page is visible and no socket is open, and when it becomes visible again. */
export function usePolling(action: () => void, every?: number): void {
  const status = useStore(liveStatus);
  const pause = every ?? (status === "polling" ? pollEvery : 0);
  useEffect(() => {
    if (!pause) return undefined;
    const run = () => {
      if (!document.hidden) action();
    };
    const timer = setInterval(run, pause);
    document.addEventListener("visibilitychange", run);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", run);
    };
  }, [pause, action]);
}
