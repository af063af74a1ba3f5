import { useState } from "preact/hooks";
import { get } from "../api/client";
import { RevokeKeyDialog } from "../access/keys";
import { allScopes, meanings } from "../access/scopes";
import { Facts, Id, PageHeading, Section } from "../components/basics";
import { notifyError } from "../components/messages";
import { Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { Clock, Time } from "../components/time";
import { useResource } from "../resource";
import { type Scope, type Session, logOut, usePermission } from "../session";

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

/** How to end all sessions of the same key or token. */
function Everywhere({ session }: { session: Session }) {
  const can = usePermission();
  const [asking, setAsking] = useState(false);
  const id = session.principal.startsWith("key:") ? session.principal.slice("key:".length) : null;
  return (
    <Section title="Other sessions">
      {id ? <p>Other sessions of this key end when they expire, or at once when the key is revoked.</p> : <p>Other sessions of this token end when it expires.</p>}
      {id && can("keys:write") && <p><button type="button" class="danger" onClick={() => setAsking(true)}>Revoke the key …</button></p>}
      {id && asking && <RevokeKeyDialog id={id} name={session.name} onChange={() => undefined} onClose={() => setAsking(false)} />}
    </Section>
  );
}
