import { Store } from "./store";

export type Theme = "system" | "light" | "dark";
export type Zone = "local" | "utc";

function stored<T extends string>(name: string, values: readonly T[], fallback: T): Store<T> {
  const key = `signalbox.${name}`;
  let value: string | null = null;
  try {
    value = localStorage.getItem(key);
  } catch {
    // A browser that stores nothing still shows the page.
  }
  const store = new Store<T>(values.find((each) => each === value) ?? fallback);
  store.follow(() => {
    try {
      localStorage.setItem(key, store.value);
    } catch {
      // As above.
    }
  });
  return store;
}

export const theme = stored<Theme>("theme", ["system", "light", "dark"], "system");
export const zone = stored<Zone>("zone", ["local", "utc"], "local");

/** Show the chosen theme, now and whenever it changes. */
export function applyTheme(): void {
  const apply = () => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
  };
  apply();
  theme.follow(apply);
}
