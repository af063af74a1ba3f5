import { useState } from "preact/hooks";
import { get } from "../api/client";
import { RevokeKeyDialog } from "../access/keys";
import { allScopes, meanings } from "../access/scopes";
import { Facts, Id, PageHeading, Section } from "../components/basics";
import { ConfirmDialog } from "../components/dialog";
import { notifyError } from "../components/messages";
import { Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { Clock, Time } from "../components/time";
import { useResource } from "../resource";
import { type Scope, type Session, logOut, logOutEverywhere, usePermission } from "../session";

const every = 30_000;
const columns: readonly Column<Scope>[] = [
  { name: "Permission", isHeader: true, cell: (scope) => <code>{scope}</code> },
  { name: "What it allows", cell: (scope) => meanings[scope] ?? "" },
];

/** Who is logged in, until when, and with which permissions. */
export default function SessionPage() {
  const session = useResource("session", (signal) => get("/api/v1/sessions/current", { signal }), { every });
  return (
    <>
      <PageHeading title="This session"><button type="button" onClick={() => void logOut().catch(notifyError)}>End this session</button></PageHeading>
      <Loaded resource={session} rows={6}>{(data) => <Details session={data} />}</Loaded>
    </>
  );
}

function Details({ session }: { session: Session }) {
  const missing = allScopes.filter((scope) => !session.scopes.includes(scope));
  return (
    <div class="main-and-side">
      <Section title="Permissions" aside="those that its key has now">
        <Table caption="Permissions of this session" columns={columns} items={session.scopes} id={(scope) => scope} />
      </Section>
      <div class="stack">
        <Section title="Details">
          <Facts facts={[
            ["Name", session.name],
            ["Principal", <Id value={session.principal} label="principal" />],
            ["Ends", <><Time at={session.expires_at} /><div class="row-note"><Clock at={session.expires_at} /></div></>],
            ["Does not allow", missing.length ? missing.join(", ") : null],
          ]} />
        </Section>
        <Everywhere session={session} />
      </div>
    </div>
  );
}

/** End all sessions of the same key or token, or the key with them. */
function Everywhere({ session }: { session: Session }) {
  const can = usePermission();
  const [asking, setAsking] = useState<"sessions" | "key" | null>(null);
  const id = session.principal.startsWith("key:") ? session.principal.slice("key:".length) : null;
  const close = () => setAsking(null);
  return (
    <Section title="Other sessions">
      <p>Other sessions of this {id ? "key" : "token"} end when they expire, or when you log out everywhere.</p>
      <p class="row-actions">
        <button type="button" onClick={() => setAsking("sessions")}>Log out everywhere …</button>
        {id && can("keys:write") && <button type="button" class="danger" onClick={() => setAsking("key")}>Revoke the key …</button>}
      </p>
      {asking === "sessions" && (
        <ConfirmDialog title="Log out everywhere?" action="Log out everywhere" danger onConfirm={logOutEverywhere} onClose={close}>
          <p>All sessions of <span class="quote">{session.name}</span> end at once, this one too. The {id ? "key" : "login"} stays valid: it can begin new ones.</p>
        </ConfirmDialog>
      )}
      {id && asking === "key" && <RevokeKeyDialog id={id} name={session.name} onChange={() => undefined} onClose={close} />}
    </Section>
  );
}
