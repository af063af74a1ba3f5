import { useEffect, useState } from "preact/hooks";

export interface Location {
  path: string;
  query: Record<string, string>;
}

/** Return the place that the fragment of the address names, such as `#/tasks?status=failed`. */
export function currentLocation(): Location {
  const [path = "", search = ""] = window.location.hash.replace(/^#/, "").split("?", 2);
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(search)) };
}

/** Return the link to a place; empty values of the query are left out. */
export function linkTo(path: string, query: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const tail = search.toString();
  return `#${path}${tail ? `?${tail}` : ""}`;
}

/** Go to a place. `replace` leaves no entry in the history. */
export function navigate(path: string, query: Record<string, string | undefined> = {}, options: { replace?: boolean } = {}): void {
  const link = linkTo(path, query);
  if (!options.replace) {
    window.location.hash = link;
    return;
  }
  history.replaceState(null, "", link);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Return the present place, and render again when it changes. */
export function useLocation(): Location {
  const [location, setLocation] = useState(currentLocation);
  useEffect(() => {
    const update = () => setLocation(currentLocation());
    window.addEventListener("hashchange", update);
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return location;
}

/** Return the parameters of a path that has the form of the pattern, such as `/tasks/:id`, otherwise null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const expected = pattern.split("/");
  const actual = path.split("/");
  if (expected.length !== actual.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = actual[index] ?? "";
    if (part.startsWith(":")) {
      if (!value) return null;
      parameters[part.slice(1)] = decode(value);
    } else if (part !== value) return null;
  }
  return parameters;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
