import { useEffect, useState } from "preact/hooks";
import { words } from "../format";
import { navigate, useLocation } from "../router";

export interface Filter {
  name: string;
  label: string;
  /** The choices; without them the filter is a text. */
  options?: readonly string[];
  type?: "search" | "date" | "datetime-local";
  placeholder?: string;
}

/** Filters of a list, kept in the fragment of the address so that a link shows the same. */
export function Filters({ filters }: { filters: readonly Filter[] }) {
  const { path, query } = useLocation();
  const active = filters.some((filter) => query[filter.name]);
  const change = (name: string, value: string) => navigate(path, { ...query, [name]: value || undefined }, { replace: true });
  return (
    <form class="filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      {filters.map((filter) => (
        <label key={filter.name}>
          <span>{filter.label}</span>
          {filter.options ? (
            <select name={filter.name} value={query[filter.name] ?? ""} onChange={(event) => change(filter.name, event.currentTarget.value)}>
              <option value="">any</option>
              {filter.options.map((option) => <option key={option} value={option}>{words(option)}</option>)}
            </select>
          ) : <TextFilter filter={filter} value={query[filter.name] ?? ""} onChange={(value) => change(filter.name, value)} />}
        </label>
      ))}
      {active && (
        <button type="button" class="plain" onClick={() => navigate(path, { ...query, ...Object.fromEntries(filters.map(({ name }) => [name, undefined])) }, { replace: true })}>
          Clear filters
        </button>
      )}
    </form>
  );
}

function TextFilter({ filter, value, onChange }: { filter: Filter; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = () => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <input type={(filter.type ?? "text") as "text"} name={filter.name} value={text} placeholder={filter.placeholder} autocomplete="off" spellcheck={false}
      onInput={(event) => setText(event.currentTarget.value)} onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
      }} />
  );
}

/** Return a time of a `datetime-local` field as the API takes it, or undefined if the field is empty. */
export function instantOf(value: string | undefined): string | undefined {
  const time = value ? new Date(value) : null;
  return time && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}
