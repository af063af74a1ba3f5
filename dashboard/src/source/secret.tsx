import { useState } from "preact/hooks";
import { get, request } from "../api/client";
import { ApiProblem } from "../api/problems";
import { Section } from "../components/basics";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { Failure } from "../components/states";
import { type Setup, makeSecret } from "./setup";

interface SecretProps {
  provider: string;
  source: string;
  setup: Setup;
  /** Whether webhooks may fail when the secret is another one; undefined while that is not known. */
  inUse: boolean | undefined;
  /** Called when a secret is stored, with it if it is to be entered at the service. */
  onStored: (secret: string | null) => void;
}

/** Store a secret of the source: a new one, or the one that the service made. */
export function SecretForm({ provider, source, setup, inUse, onStored }: SecretProps) {
  const [asks, setAsks] = useState(false);
  const [text, setText] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const issued = setup.secret === "issued";
  const store = async () => {
    const secret = issued ? text.trim() : makeSecret(setup.secret);
    await storeSecret(provider, source, secret);
    setText("");
    notify("The secret is stored");
    onStored(issued ? null : secret);
  };
  const submit = async () => {
    if (inUse) return setAsks(true);
    setState({ busy: true });
    try {
      await store();
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <Section title="Secret">
      <form class="secret-form" onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}>
        <p>{issued ? "The service makes the secret. Paste it here when it is shown." : "Both sides need the same secret. A new one is made in this browser and stored."}</p>
        {issued && (
          <label>
            <span>Secret that the service shows</span>
            <input type="password" name="secret" required autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
        )}
        {state.error !== undefined && <Failure error={state.error} />}
        <div class="actions"><button type="submit" class="primary" disabled={state.busy || inUse === undefined}>{issued ? "Store the secret" : "Make a secret and store it"}</button></div>
      </form>
      {asks && (
        <ConfirmDialog title="Replace the secret?" action="Replace it" danger onConfirm={store} onClose={() => setAsks(false)}>
          <p>Webhooks of {provider}/{source} that are signed with the present secret are rejected then, until the new one is entered at the provider.</p>
          <p>To keep both for a while use <code>signalbox secrets rotate sources/{provider}/{source}</code>.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

async function storeSecret(provider: string, source: string, secret: string): Promise<void> {
  const path = { provider, name: source };
  if (source !== "default") await addSource(path);
  await request("put", "/api/v1/sources/{provider}/{name}/secret", { path, body: { secrets: [secret] } as never });
}

/** Configure the source unless there is one. */
async function addSource(path: { provider: string; name: string }): Promise<void> {
  try {
    await get("/api/v1/sources/{provider}/{name}", { path });
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 404)) throw error;
    await request("put", "/api/v1/sources/{provider}/{name}", { path, body: path as never, headers: { "If-None-Match": "*" } });
  }
}
