import type { ComponentChildren } from "preact";
import { Id, Section } from "../components/basics";
import { type Setup, webhookUrl } from "./setup";

interface StepsProps {
  setup: Setup;
  provider: string;
  source: string;
  /** A new secret, which is shown this once. */
  secret: string | null;
  /** The patterns of events of the source. */
  patterns: readonly string[];
}

/** What to do in the settings of the service, with the values to enter there. */
export function Steps({ setup, provider, source, secret, patterns }: StepsProps) {
  const key = `${provider}/${source}`;
  const values: Record<string, ComponentChildren> = {
    url: <Id value={webhookUrl(provider, source)} label="URL" />,
    secret: secret ? <Id value={secret} label="secret" /> : setup.secret === "issued" ? "the one that the service shows" : "the one that is stored",
    events: [...setup.choices, ...patterns].join(", ") || "those that the source selects by its events, none so far",
    source: key,
  };
  return (
    <Section title="Enter this at the provider">
      <ol class="steps">{setup.steps.map((step) => <li key={step}>{partsOf(step, values)}</li>)}</ol>
      {secret && <p class="notice">Copy the secret now: it is not shown again. A new source is known within 30 seconds, and a secret within five minutes; webhooks may be rejected until then.</p>}
    </Section>
  );
}

function partsOf(step: string, values: Record<string, ComponentChildren>): ComponentChildren[] {
  return step.split(/(`[^`]+`|\{(?:url|secret|events|source)\})/).map((part) => {
    if (part.startsWith("{")) return values[part.slice(1, -1)];
    if (part.startsWith("`")) return <code>{part.slice(1, -1).replace("{source}", String(values["source"]))}</code>;
    return part;
  });
}
