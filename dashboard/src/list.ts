import { useState } from "preact/hooks";
import { type ResourceOptions, useResource } from "./resource";
import { useLive } from "./live";

interface Page<T> {
  items: T[];
  next?: string | null;
}

export interface List<T> {
  items: T[] | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
  /** Load the next page; undefined if there is none. */
  more: (() => void) | undefined;
  loadingMore: boolean;
}

export interface ListOptions<T> extends ResourceOptions {
  id: (item: T) => string;
  /** What the API sorts by, newest first. */
  order: (item: T) => string;
}

interface Older<T> {
  key: string;
  items: T[];
  next: string | null;
  loading: boolean;
}

/** Load a list page by page. Live events update items where they stand and bring new ones to the top. */
export function useList<T>(key: string, load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>, options: ListOptions<T>): List<T> {
  const first = useResource(key, (signal) => load(undefined, signal), options);
  const [state, setOlder] = useState<Older<T> | null>(null);
  const older = state?.key === key ? state : null;
  const next = older ? older.next : (first.data?.next ?? null);
  useLive(older ? (options.topics ?? []) : [], (event) => {
    const id = event?.data?.["id"];
    if (id) setOlder((old) => old && { ...old, items: old.items.map((item) => (options.id(item) === id ? { ...item, ...(event.data as Partial<T>) } : item)) });
  });

  const more = async () => {
    const before = older ?? { key, items: [], next, loading: false };
    setOlder({ ...before, loading: true });
    try {
      const page = await load(next ?? undefined, new AbortController().signal);
      setOlder({ key, items: [...before.items, ...page.items], next: page.next ?? null, loading: false });
    } catch {
      setOlder({ ...before, loading: false });
      first.reload();
    }
  };

  return {
    items: first.data && merge(first.data, older?.items ?? [], options),
    error: first.error,
    loading: first.loading,
    reload: first.reload,
    more: next ? () => void more() : undefined,
    loadingMore: older?.loading ?? false,
  };
}

function merge<T>(first: Page<T>, older: T[], { id, order }: ListOptions<T>): T[] {
  const last = first.items.at(-1);
  if (!first.next) return first.items;
  // A page of a filtered list can be empty without being the last.
  if (!last) return older;
  const known = new Set(first.items.map(id));
  return [...first.items, ...older.filter((item) => !known.has(id(item)) && order(item) <= order(last))];
}
