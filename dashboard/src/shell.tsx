import { useId, useState } from "preact/hooks";
import { notifyError } from "./components/messages";
import { liveStatus } from "./live";
import { type Page, pages } from "./pages";
import { type Theme, type Zone, theme, zone } from "./preferences";
import { linkTo } from "./router";
import { logOut, sessionState, usePermission } from "./session";
import { type Store, useStore } from "./store";

const liveNames = {
  live: ["Live", "Changes appear as they happen"],
  connecting: ["Connecting", "Opening the connection for live updates"],
  polling: ["Polling", "There is no connection for live updates: the page asks every ten seconds"],
} as const;

/** The bar at the top: who is logged in, how the page is kept up to date, and preferences. */
export function Header() {
  const state = useStore(sessionState);
  const status = useStore(liveStatus);
  const [name, title] = liveNames[status];
  return (
    <header class="top">
      <a class="brand" href="#/"><span class="brand-mark" aria-hidden="true" />Signalbox</a>
      <span class={`live live-${status}`} title={title}><span aria-hidden="true" class="live-dot" />{name}</span>
      <div class="top-tools">
        <Choice label="Time zone" store={zone} options={{ local: "Local time", utc: "UTC" }} />
        <Choice label="Appearance" store={theme} options={{ system: "System", light: "Light", dark: "Dark" }} />
        <a class="who" href="#/session" title="The key of this session">{state.status === "active" ? state.session.name || state.session.principal : ""}</a>
        <button type="button" onClick={() => void logOut().catch(notifyError)}>Log out</button>
      </div>
    </header>
  );
}

function Choice<T extends Theme | Zone>({ label, store, options }: { label: string; store: Store<T>; options: Record<T, string> }) {
  const value = useStore(store);
  const id = useId();
  return (
    <>
      <label class="visually-hidden" for={id}>{label}</label>
      <select id={id} class="quiet" value={value} onChange={(event) => store.set(event.currentTarget.value as T)}>
        {Object.entries<string>(options).map(([option, text]) => <option key={option} value={option}>{text}</option>)}
      </select>
    </>
  );
}

const groups = ["Work", "Traffic", "Set-up", "Access"] as const;

/** Links to the pages that the session may see. */
export function Navigation({ current }: { current: string | undefined }) {
  const allowed = usePermission();
  const [open, setOpen] = useState(false);
  const shown = (group: string) => pages.filter((page) => page.group === group && allowed(page.scope));
  return (
    <nav class={open ? "side open" : "side"} aria-label="Pages">
      <button type="button" class="menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Close menu" : "Menu"}</button>
      <div class="side-groups">
        {groups.filter((group) => shown(group).length).map((group) => (
          <div key={group}>
            <h2>{group}</h2>
            <ul>{shown(group).map((page) => <Item key={page.path} page={page} current={current} onGo={() => setOpen(false)} />)}</ul>
          </div>
        ))}
      </div>
    </nav>
  );
}

function Item({ page, current, onGo }: { page: Page; current: string | undefined; onGo: () => void }) {
  return <li><a href={linkTo(page.path)} aria-current={page.path === current ? "page" : undefined} onClick={onGo}>{page.title}</a></li>;
}
