import { useEffect, useRef, useState } from "preact/hooks";
import { type Schema, addressOf, get } from "./api/client";
import { ApiProblem } from "./api/problems";
import { Failure } from "./components/states";
import { logIn } from "./session";

const failures: Record<string, string> = {
  denied: "You were not logged in there. Try again, or log in with a key.",
  refused: "This login is not valid. It may have taken longer than ten minutes; try again.",
  unavailable: "The issuer does not answer. Try again in a moment, or log in with a key.",
};

/** Links to the issuers at which one can log in, if any is configured, and why the last login there failed. */
function IssuerLogins() {
  const [issuers, setIssuers] = useState<readonly Schema<"LoginIssuer">[]>([]);
  useEffect(() => {
    // Without the list a key still works.
    get("/api/v1/sessions/issuers").then(({ items }) => setIssuers(items), () => undefined);
  }, []);
  const failed = failures[/^#\/login\?error=(\w+)$/.exec(window.location.hash)?.[1] ?? ""];
  return (
    <>
      {failed && <p class="field-error" role="alert">{failed}</p>}
      {issuers.map(({ name, path }) => <a key={name} class="button" href={addressOf(path)}>Log in with {name}</a>)}
    </>
  );
}

/** The page that exchanges an API key for a session. */
export function Login({ ended }: { ended: boolean }) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Log in · Signalbox";
    field.current?.focus();
  }, []);
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await logIn(key.trim());
    } catch (problem) {
      setError(problem);
      setBusy(false);
      field.current?.focus();
    }
  };
  const refused = error instanceof ApiProblem && (error.status === 401 || error.status === 403);
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}>
        <h1><span class="brand-mark" aria-hidden="true" />Signalbox</h1>
        {ended && !error && <p class="notice" role="status">Your session has ended. Log in again to continue where you were.</p>}
        <label>
          <span>API key</span>
          <input ref={field} type="password" name="key" required autocomplete="current-password" spellcheck={false} value={key}
            aria-invalid={refused} aria-describedby="login-hint" onInput={(event) => setKey(event.currentTarget.value)} />
        </label>
        {refused ? <p class="field-error" role="alert">This key is not valid. It may be mistyped, expired or revoked.</p>
          : error !== undefined && <Failure error={error} />}
        <button type="submit" class="primary" disabled={busy || !key.trim()}>{busy ? "Logging in …" : "Log in"}</button>
        <IssuerLogins />
        <p id="login-hint" class="muted">The key is exchanged for a session of 8 hours and not stored in this browser. <code>make run</code> prints one;
          on AWS <code>signalbox keys create</code> makes one.</p>
      </form>
    </main>
  );
}
