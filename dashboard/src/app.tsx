import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { retryDelay } from "./api/problems";
import { PageHeading } from "./components/basics";
import { Messages, announce } from "./components/messages";
import { Empty, Failure, Loading } from "./components/states";
import { live } from "./live";
import { Login } from "./login";
import { type Page, type PageProps, pages } from "./pages";
import { type Location, matchPath, useLocation } from "./router";
import { can, justLoggedIn, restoreSession, sessionState } from "./session";
import { Header, Navigation } from "./shell";
import { useStore } from "./store";

/** The whole page: the login or the shell with the page that the fragment names. */
export function App() {
  const state = useStore(sessionState);
  useEffect(() => void restoreSession(), []);
  const active = state.status === "active";
  useEffect(() => {
    const delay = state.status === "unreachable" ? retryDelay(state.error) : null;
    if (delay === null) return undefined;
    const timer = setTimeout(() => void restoreSession(), delay);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    if (!active) return undefined;
    live.start();
    return () => live.stop();
  }, [active]);
  return (
    <>
      {state.status === "active" && <Shell />}
      {state.status === "anonymous" && <Login ended={state.ended} />}
      {state.status === "unreachable" && <main class="centred"><Failure error={state.error} onRetry={() => void restoreSession()} /></main>}
      {state.status === "unknown" && <main class="centred"><Loading /></main>}
      <Messages />
    </>
  );
}

function Shell() {
  const location = useLocation();
  const found = findPage(location.path);
  return (
    <div class="shell">
      <a class="skip-link" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>Skip to the content</a>
      <Header />
      <Navigation current={found?.page.parent ?? found?.page.path} />
      <main id="main" tabIndex={-1}>
        {found ? <Outlet key={location.path} page={found.page} params={found.params} location={location} /> : <NotFound />}
      </main>
    </div>
  );
}

function NotFound() {
  useEffect(() => void (document.title = "Not found · Signalbox"), []);
  return (
    <>
      <PageHeading title="There is no such page" />
      <Empty title="The link may be old or incomplete"><a href="#/">Go to the overview</a>.</Empty>
    </>
  );
}

function findPage(path: string): { page: Page; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = matchPath(page.path, path);
    if (params) return { page, params };
  }
  return null;
}

let visits = 0;

/** Load the code of a page and show it, with its title; the focus moves to its heading. */
function Outlet({ page, params, location }: { page: Page; params: Record<string, string>; location: Location }) {
  const [Content, setContent] = useState<ComponentType<PageProps> | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const allowed = can(page.scope);
  const load = () => {
    setError(undefined);
    page.load().then((module) => setContent(() => module.default), setError);
  };
  useEffect(load, [page]);
  useEffect(() => {
    document.title = `${page.title} · Signalbox`;
    if (!Content) return;
    visits += 1;
    // The browser places the focus when it opens the page.
    if (visits === 1 && !justLoggedIn.value) return;
    announce(page.title);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [Content, page]);
  if (!allowed) return <><PageHeading title={page.title} /><Empty title="Your key does not allow this page">It needs the permission <code>{page.scope}</code>.</Empty></>;
  if (error !== undefined) return <Failure error={error} onRetry={load} />;
  if (!Content) return <Loading rows={8} />;
  return <Content params={params} query={location.query} setTitle={(title) => void (document.title = `${title} · Signalbox`)} />;
}
