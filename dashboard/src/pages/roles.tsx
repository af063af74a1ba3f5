import { useState } from "preact/hooks";
import { type Schema, get } from "../api/client";
import { DeleteRoleDialog, RoleDialog } from "../access/roles";
import { Tags } from "../access/scopes";
import { PageHeading } from "../components/basics";
import { Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { useResource } from "../resource";
import { usePermission } from "../session";

type Role = Schema<"Role">;
type Open = { kind: "create" } | { kind: "edit" | "delete"; role: Role };

/** The roles: those that always exist and those of this installation. */
export default function Roles() {
  const can = usePermission();
  const roles = useResource("roles", (signal) => get("/api/v1/roles", { signal }), { every: 30_000 });
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PageHeading title="Roles">{can("keys:write") && <button type="button" class="primary" onClick={() => setOpen({ kind: "create" })}>Create a role …</button>}</PageHeading>
      <Loaded resource={roles} rows={4}>
        {({ items, built_in: builtIn }) => <Table caption="Roles" columns={columnsFor(builtIn, can("keys:write"), setOpen)} items={items} id={(role) => role.name} />}
      </Loaded>
      {open && open.kind !== "delete" && <RoleDialog role={open.kind === "edit" ? open.role : undefined} onChange={roles.reload} onClose={close} />}
      {open?.kind === "delete" && <DeleteRoleDialog role={open.role} onChange={roles.reload} onClose={close} />}
    </>
  );
}

function columnsFor(builtIn: readonly string[], writable: boolean, onOpen: (open: Open) => void): Column<Role>[] {
  const isBuiltIn = (role: Role) => builtIn.includes(role.name);
  const actions: Column<Role> = {
    name: "Actions",
    cell: (role) => !isBuiltIn(role) && (
      <span class="row-actions">
        <button type="button" aria-label={`Edit ${role.name} …`} onClick={() => onOpen({ kind: "edit", role })}>Edit …</button>
        <button type="button" class="danger" aria-label={`Delete ${role.name} …`} onClick={() => onOpen({ kind: "delete", role })}>Delete …</button>
      </span>
    ),
  };
  return [
    { name: "Role", isHeader: true, sort: (role) => role.name, cell: (role) => <><span class="row-title">{role.name}</span><div class="row-note">{isBuiltIn(role) ? "built in" : role.description}</div></> },
    { name: "Permissions", cell: (role) => <Tags names={role.scopes ?? []} /> },
    ...(writable ? [actions] : []),
  ];
}
