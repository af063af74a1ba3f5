import { useEffect, useRef, useState } from "preact/hooks";
import { ApiProblem } from "./api/problems";
import { Failure } from "./components/states";
import { logIn } from "./session";

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
        <p id="login-hint" class="muted">The key is exchanged for a session of 8 hours and not stored in this browser. <code>make run</code> prints one;
          on AWS <code>signalbox keys create</code> makes one.</p>
      </form>
    </main>
  );
}
