import instructions from "../api/providers.json";

export interface Setup {
  /** The form of the secret; `issued`: the service makes it. */
  secret: "text" | "standard_webhooks" | "issued";
  /** What the service calls the events that have commands. */
  choices: readonly string[];
  /** What to do, with the placeholders `{url}`, `{secret}`, `{events}` and `{source}`. */
  steps: readonly string[];
}

/** How the webhooks of each provider are set up. */
export const setups = instructions as unknown as Readonly<Record<string, Setup>>;

/** The names that the API takes for sources. */
export const namePattern = "[a-z0-9][a-z0-9_\\-]{0,62}";

/** Return the address of the webhooks of a source. */
export function webhookUrl(provider: string, source: string): string {
  const path = `api/v1/webhooks/${provider}${source === "default" ? "" : `/${encodeURIComponent(source)}`}`;
  return new URL(path, new URL(".", window.location.href)).href;
}

/** Return a new random secret in the form that the service takes. */
export function makeSecret(form: Setup["secret"]): string {
  const random = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
  return form === "standard_webhooks" ? `whsec_${random}` : random.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
