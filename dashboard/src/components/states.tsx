import type { ComponentChildren } from "preact";
import { messageOf } from "../api/problems";
import type { Resource } from "../resource";

/** What to show where there is nothing: why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Grey rows in place of what is being loaded. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">Loading …</span>
      {Array.from({ length: rows }, (_, index) => <span key={index} class="skeleton" aria-hidden="true" />)}
    </div>
  );
}

/** What went wrong, with a button that tries again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, detail, requestId } = messageOf(error);
  return (
    <div class="failure" role="alert">
      <p class="empty-title">{title}</p>
      <p>{detail}</p>
      {requestId && <p class="muted">Request <code>{requestId}</code></p>}
      {onRetry && <button type="button" onClick={onRetry}>Try again</button>}
    </div>
  );
}

interface LoadedProps<T> {
  resource: Pick<Resource<T>, "data" | "error" | "reload">;
  rows?: number;
  children: (data: T) => ComponentChildren;
}

/** Show data once it is there, otherwise that it is loading or what went wrong. Old data stay under a new error. */
export function Loaded<T>({ resource, rows, children }: LoadedProps<T>) {
  const { data, error, reload } = resource;
  return (
    <>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {data !== undefined ? children(data) : error === undefined && <Loading rows={rows} />}
    </>
  );
}
