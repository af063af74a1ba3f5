import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { CreateKeyDialog, EndSessionsDialog, type Key, RevokeKeyDialog, UpdateKeyDialog } from "../access/keys";
import { Tags } from "../access/scopes";
import { CopyButton, PageHeading, Section } from "../components/basics";
import { type Filter, Filters } from "../components/filters";
import { notify } from "../components/messages";
import { Empty, Loaded } from "../components/states";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { useResource } from "../resource";
import { usePermission } from "../session";
import type { PageProps } from "./index";

type NewKey = Schema<"CreateKeyResponse">;

const every = 30_000;
const filters: readonly Filter[] = [
  { name: "status", label: "Status", options: ["active", "expired", "revoked"] },
  { name: "name", label: "Name" },
];

/** The API keys, who has made them and what they allow. */
export default function Keys({ query }: PageProps) {
  const can = usePermission();
  const keys = useResource("keys", (signal) => get("/api/v1/keys", { signal }), { every });
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<NewKey | null>(null);
  const matches = (key: Key) => (!query["status"] || key.status === query["status"]) && key.name.toLowerCase().includes((query["name"] ?? "").toLowerCase());
  const show = (key: NewKey) => {
    setCreated(key);
    notify("Key created: copy it now");
  };
  return (
    <>
      <PageHeading title="Keys">{can("keys:write") && <button type="button" class="primary" onClick={() => setCreating(true)}>Create a key …</button>}</PageHeading>
      {created && <CreatedKey created={created} onDone={() => setCreated(null)} />}
      <Filters filters={filters} />
      <Loaded resource={keys} rows={6}>
        {({ items }) => {
          const shown = items.filter(matches);
          return shown.length ? <KeyTable items={shown} onChange={keys.reload} />
            : <Empty title={items.length ? "No key has all of this" : "There is no key"}>{items.length ? "Remove a filter to see more." : <>Create one here or with <code>signalbox keys create</code>.</>}</Empty>;
        }}
      </Loaded>
      {creating && <CreateKeyDialog onCreated={show} onChange={keys.reload} onClose={() => setCreating(false)} />}
    </>
  );
}

function CreatedKey({ created, onDone }: { created: NewKey; onDone: () => void }) {
  return (
    <Section title={`The new key: ${created.name}`} aside={<button type="button" onClick={onDone}>Done</button>}>
      <p class="secret"><code>{created.key}</code><CopyButton text={created.key} label="API key" /></p>
      <p class="notice">Store it now: it is not shown again, here or anywhere else.</p>
    </Section>
  );
}

function KeyTable({ items, onChange }: { items: readonly Key[]; onChange: () => void }) {
  const can = usePermission();
  const [dialog, setDialog] = useState<{ kind: "update" | "sessions" | "revoke"; key: Key } | null>(null);
  const close = () => setDialog(null);
  const actions: Column<Key> = {
    name: "Actions",
    cell: (key) => key.status !== "revoked" && (
      <span class="row-actions">
        <button type="button" aria-label={`Change ${key.name} …`} onClick={() => setDialog({ kind: "update", key })}>Change …</button>
        <button type="button" aria-label={`End sessions of ${key.name} …`} onClick={() => setDialog({ kind: "sessions", key })}>End sessions …</button>
        <button type="button" class="danger" aria-label={`Revoke ${key.name} …`} onClick={() => setDialog({ kind: "revoke", key })}>Revoke …</button>
      </span>
    ),
  };
  return (
    <>
      <Table caption="API keys, newest first" columns={can("keys:write") ? [...columns, actions] : columns} items={items} id={(key) => key.id} />
      {dialog?.kind === "update" && <UpdateKeyDialog item={dialog.key} onChange={onChange} onClose={close} />}
      {dialog?.kind === "sessions" && <EndSessionsDialog id={dialog.key.id} name={dialog.key.name} onClose={close} />}
      {dialog?.kind === "revoke" && <RevokeKeyDialog id={dialog.key.id} name={dialog.key.name} onChange={onChange} onClose={close} />}
    </>
  );
}

const columns: readonly Column<Key>[] = [
  { name: "Key", isHeader: true, sort: (key) => key.name, cell: (key) => <><span class="row-title">{key.name}</span><div class="row-note"><code>{key.id}</code></div></> },
  { name: "Status", sort: (key) => key.status, cell: (key) => <Status value={key.status} /> },
  { name: "Roles and permissions", cell: (key) => <Tags names={[...key.roles, ...key.scopes]} /> },
  { name: "Created", wideOnly: true, sort: (key) => key.created_at, cell: (key) => <><Time at={key.created_at} /><div class="row-note">by {key.created_by}</div></> },
  { name: "Expires", sort: (key) => key.expires_at ?? "9", cell: (key) => (key.revoked_at ? <>revoked <Time at={key.revoked_at} /></> : <Time at={key.expires_at} />) },
];
