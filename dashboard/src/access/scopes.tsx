import { useId } from "preact/hooks";
import { type Scope, usePermission } from "../session";

/** What each permission allows. */
export const meanings: Record<Scope, string> = {
  "tasks:read": "see tasks and their logs",
  "tasks:write": "create, change, cancel and retry tasks",
  "tasks:approve": "approve and reject tasks that need it",
  "tasks:work": "claim tasks and complete them, as a worker",
  "queue:read": "see how much waits",
  "queue:write": "pause and resume queues",
  "deliveries:read": "see webhooks that came, without their bodies",
  "deliveries:body": "see and download bodies as they were sent",
  "deliveries:write": "replay deliveries and ask providers for missed ones",
  "notifications:read": "see notifications and dead letters",
  "notifications:write": "send notifications again",
  "config:read": "see sources, connections, subscriptions and services",
  "config:write": "change sources, connections, subscriptions and services",
  "metrics:read": "see metrics, costs and incidents",
  "keys:read": "see keys and roles",
  "keys:write": "create, change and revoke keys and roles",
  "audit:read": "see and verify the audit log",
  "services:call": "call services behind the gateway",
  "services:register": "register instances of services",
};

export const allScopes = Object.keys(meanings) as Scope[];

/** Names of roles or scopes, each in a box. */
export function Tags({ names }: { names: readonly string[] }) {
  return <>{names.map((name) => <span key={name} class="tag">{name}</span>)}</>;
}

interface ChoicesProps {
  legend: string;
  name: string;
  options: readonly { value: string; hint: string; disabled?: boolean }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Boxes to check, with what each means. */
export function Choices({ legend, name, options, chosen, onChange }: ChoicesProps) {
  const base = useId();
  const toggle = (value: string) => onChange(chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]);
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {options.map(({ value, hint, disabled }) => (
        <div key={value}>
          <input type="checkbox" id={`${base}-${value}`} name={name} checked={chosen.includes(value)} disabled={disabled} aria-describedby={`${base}-${value}-hint`} onChange={() => toggle(value)} />
          <label for={`${base}-${value}`}>{value}</label>
          <span id={`${base}-${value}-hint`} class="muted">{hint}</span>
        </div>
      ))}
    </fieldset>
  );
}

/** Boxes for permissions; those that the session does not have cannot be given. */
export function ScopeChoices({ legend, chosen, onChange }: { legend: string; chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const can = usePermission();
  const options = allScopes.map((scope) => ({ value: scope, hint: meanings[scope], disabled: !can(scope) }));
  return <Choices legend={legend} name="scopes" options={options} chosen={chosen} onChange={onChange} />;
}

/** The field for the name of a key or a role. */
export function NameField({ value, onChange, hint }: { value: string; onChange: (value: string) => void; hint?: string }) {
  return (
    <label>
      <span>Name</span>
      <input name="name" required maxLength={64} autocomplete="off" spellcheck={false} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      {hint && <small class="muted">{hint}</small>}
    </label>
  );
}
