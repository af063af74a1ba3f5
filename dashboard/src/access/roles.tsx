import { useState } from "preact/hooks";
import { type Schema, request } from "../api/client";
import { ConfirmDialog } from "../components/dialog";
import { notify } from "../components/messages";
import { useResource } from "../resource";
import { NameField, ScopeChoices } from "./scopes";

type Role = Schema<"Role">;

interface DialogProps {
  onChange: () => void;
  onClose: () => void;
}

/** Create a role, or edit one. */
export function RoleDialog({ role, onChange, onClose }: DialogProps & { role: Role | undefined }) {
  const [name, setName] = useState(role?.name ?? "");
  const [description, setDescription] = useState(role?.description ?? "");
  const [scopes, setScopes] = useState<string[]>(role?.scopes ?? []);
  const etag = useEtag(role);
  const put = async () => {
    const body = { name: name.trim(), description: description.trim(), scopes } as Role;
    const condition: Record<string, string> = role ? { "If-Match": etag ?? "" } : { "If-None-Match": "*" };
    try {
      await request("put", "/api/v1/roles/{name}", { path: { name: body.name }, body, headers: condition });
    } finally {
      onChange();
    }
    notify(role ? "Role changed" : "Role created");
  };
  return (
    <ConfirmDialog title={role ? `Edit the role ${role.name}` : "Create a role"} action={role ? "Change the role" : "Create the role"} disabled={!name.trim() || (role && !etag)} onConfirm={put} onClose={onClose}>
      {!role && <NameField value={name} onChange={setName} />}
      <label>
        <span>Description (optional)</span>
        <input class="wide" name="description" maxLength={200} value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
      </label>
      <ScopeChoices legend="Permissions" chosen={scopes} onChange={setScopes} />
      {role && <p class="muted">Keys that have this role get what it allows within 30 seconds.</p>}
    </ConfirmDialog>
  );
}

/** Return the version of a role that is about to be changed. */
function useEtag(role: Role | undefined): string | null | undefined {
  const current = useResource(`role ${role?.name}`, async (signal) => (role ? request("get", "/api/v1/roles/{name}", { path: { name: role.name }, signal }) : null));
  return current.data?.etag;
}

/** Delete a role that no key has. */
export function DeleteRoleDialog({ role, onChange, onClose }: DialogProps & { role: Role }) {
  const etag = useEtag(role);
  const remove = async () => {
    try {
      await request("delete", "/api/v1/roles/{name}", { path: { name: role.name }, headers: { "If-Match": etag ?? "" } });
    } finally {
      onChange();
    }
    notify("Role deleted");
  };
  return (
    <ConfirmDialog title="Delete this role?" action="Delete the role" danger disabled={!etag} onConfirm={remove} onClose={onClose}>
      <p class="quote">{role.name}</p>
      <p>A role that a key has cannot be deleted.</p>
    </ConfirmDialog>
  );
}
