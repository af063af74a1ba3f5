import { useRef, useState } from "preact/hooks";
import { type Schema, get, post, request } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { Loaded } from "../components/states";
import { Time } from "../components/time";
import { randomText } from "../random";
import { useResource } from "../resource";
import { logOutEverywhere, sessionState, usePermission } from "../session";
import { Choices, NameField, ScopeChoices } from "./scopes";

export type Key = Schema<"KeyView">;
type NewKey = Schema<"CreateKeyResponse">;

interface DialogProps {
  onChange: () => void;
  onClose: () => void;
}

const day = 86_400_000;
const lifetimes: Record<string, string> = { "30": "in 30 days", "90": "in 90 days", "365": "in a year", "": "when it is revoked" };

const expiryAfter = (days: string, now = Date.now()): string | null => (days ? new Date(now + Number(days) * day).toISOString() : null);

/** Ask for the name, the permissions and the expiry of a new key. */
export function CreateKeyDialog({ onCreated, onChange, onClose }: DialogProps & { onCreated: (key: NewKey) => void }) {
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const [opened] = useState(() => Date.now());
  const idempotencyKey = useIdempotencyKey();
  const create = async () => {
    const body = { name: name.trim(), roles, scopes: scopes as Key["scopes"], expires_at: expiryAfter(days, opened) };
    try {
      onCreated(await post("/api/v1/keys", { body, headers: { "Idempotency-Key": `"${idempotencyKey(body)}"` } }));
    } finally {
      onChange();
    }
  };
  return (
    <ConfirmDialog title="Create a key" action="Create the key" disabled={!name.trim() || !(roles.length || scopes.length)} onConfirm={create} onClose={onClose}>
      <NameField value={name} onChange={setName} hint="Whose it is: give each person and each program a key of its own." />
      <RoleChoices chosen={roles} onChange={setRoles} />
      <MoreScopes chosen={scopes} onChange={setScopes} />
      <ExpiryField value={days} options={lifetimes} onChange={setDays} />
    </ConfirmDialog>
  );
}

function RoleChoices({ chosen, onChange }: { chosen: string[]; onChange: (roles: string[]) => void }) {
  const can = usePermission();
  const roles = useResource("roles", (signal) => get("/api/v1/roles", { signal }));
  return (
    <Loaded resource={roles}>
      {({ items }) => (
        <Choices legend="Roles" name="roles" chosen={chosen} onChange={onChange} options={items.map((role) => {
          const scopes = role.scopes ?? [];
          return { value: role.name, hint: role.description || scopes.join(", "), disabled: !scopes.every(can) };
        })} />
      )}
    </Loaded>
  );
}

function MoreScopes(props: { chosen: string[]; onChange: (scopes: string[]) => void }) {
  return (
    <details>
      <summary>Single permissions</summary>
      <ScopeChoices legend="Permissions beside those of its roles" {...props} />
    </details>
  );
}

function ExpiryField({ value, options, onChange }: { value: string; options: Record<string, string>; onChange: (value: string) => void }) {
  return (
    <label>
      <span>Expires</span>
      <select name="expires" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {Object.entries(options).map(([option, text]) => <option key={option} value={option}>{text}</option>)}
      </select>
    </label>
  );
}

const unchanged = "unchanged";

/** Change the name or the expiry of a key. */
export function UpdateKeyDialog({ item, onChange, onClose }: DialogProps & { item: Key }) {
  const [name, setName] = useState(item.name);
  const [days, setDays] = useState(unchanged);
  const path = { key_id: item.id };
  const current = useResource(`key ${item.id}`, (signal) => request("get", "/api/v1/keys/{key_id}", { path, signal }));
  const update = async () => {
    const body = { ...(name.trim() !== item.name && { name: name.trim() }), ...(days !== unchanged && { expires_at: expiryAfter(days) }) };
    try {
      await request("patch", "/api/v1/keys/{key_id}", { path, body, headers: { "If-Match": current.data?.etag ?? "" } });
    } finally {
      onChange();
    }
    notify("Key changed");
  };
  return (
    <ConfirmDialog title="Change this key" action="Change the key" disabled={!current.data || !name.trim() || (name.trim() === item.name && days === unchanged)} onConfirm={update} onClose={onClose}>
      <Loaded resource={current} rows={1}>{() => <NameField value={name} onChange={setName} />}</Loaded>
      <ExpiryField value={days} options={{ [unchanged]: "as before", ...lifetimes }} onChange={setDays} />
      <p class="muted">Roles and permissions of a key cannot be changed: create another one.</p>
    </ConfirmDialog>
  );
}

/** End all sessions of a key, after showing how many there are. */
export function EndSessionsDialog({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const principal = `key:${id}`;
  const own = isOwn(id);
  const sessions = useResource(`sessions ${id}`, (signal) => get("/api/v1/sessions", { query: { principal }, signal }));
  const end = async () => {
    if (own) return logOutEverywhere();
    const { data } = await request("delete", "/api/v1/sessions", { query: { principal } });
    return notify(`Sessions ended: ${data.ended}`);
  };
  return (
    <ConfirmDialog title="End its sessions?" action="End the sessions" danger disabled={!sessions.data?.total} onConfirm={end} onClose={onClose}>
      <p class="quote">{name}</p>
      <Loaded resource={sessions} rows={1}>
        {({ total, items }) => (total
          ? <p>Sessions: {total}, the latest <Time at={items[0]?.created_at} />. Whoever uses one has to log in again. The key stays valid; revoke it if somebody else may have it.</p>
          : <p>Nobody is logged in with this key.</p>)}
      </Loaded>
      {own && <p class="notice">This session is of this key: it ends too.</p>}
    </ConfirmDialog>
  );
}

const isOwn = (id: string): boolean => sessionState.value.status === "active" && sessionState.value.session.principal === `key:${id}`;

/** Revoke a key, after saying what ends with it. */
export function RevokeKeyDialog({ id, name, onChange, onClose }: DialogProps & { id: string; name: string }) {
  const own = isOwn(id);
  const revoke = async () => {
    try {
      await request("delete", "/api/v1/keys/{key_id}", { path: { key_id: id } });
    } finally {
      onChange();
    }
    notify("Key revoked");
  };
  return (
    <ConfirmDialog title="Revoke this key?" action="Revoke the key" danger onConfirm={revoke} onClose={onClose}>
      <p class="quote">{name}</p>
      <p>Requests with it are refused within 30 seconds, and all of its sessions end. It stays revoked.</p>
      {own && <p class="notice">This session is of this key: it ends, here and wherever else somebody has logged in with it.</p>}
    </ConfirmDialog>
  );
}

/** Return a function whose result is the same for the same body, so that trying again creates nothing twice. */
function useIdempotencyKey(): (body: object) => string {
  const last = useRef({ text: "", key: "" });
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== last.current.text) last.current = { text, key: randomText() };
    return last.current.key;
  };
}
