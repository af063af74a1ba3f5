import { useState } from "preact/hooks";
import { get } from "../api/client";
import { PageHeading, Section } from "../components/basics";
import { Empty, Failure } from "../components/states";
import { useResource } from "../resource";
import { navigate } from "../router";
import { usePermission } from "../session";
import { FirstDelivery } from "../source/first-delivery";
import { SecretForm } from "../source/secret";
import { namePattern, setups } from "../source/setup";
import { Steps } from "../source/steps";
import type { PageProps } from "./index";

/** Set a source up: choose the provider, store the secret, enter the values at the provider, wait for the first delivery. */
export default function AddSource({ query }: PageProps) {
  const provider = query["provider"] ?? "";
  const name = query["name"] ?? "default";
  return (
    <>
      <PageHeading title="Set up a source" over={<a href="#/sources">Sources</a>} />
      <Choice key={`${provider}/${name}`} provider={provider} name={name} />
      {provider && (setups[provider] ? <SetUp key={`${provider}/${name}`} provider={provider} source={name} /> : <Empty title="There is no such provider">Choose one above.</Empty>)}
    </>
  );
}

function Choice({ provider, name }: { provider: string; name: string }) {
  const [chosen, setChosen] = useState(provider);
  const [text, setText] = useState(name);
  return (
    <Section title="Provider">
      <form class="filters" aria-label="Provider" onSubmit={(event) => {
        event.preventDefault();
        navigate("/sources/new", { provider: chosen, name: text.trim() }, { replace: true });
      }}>
        <label>
          <span>Provider</span>
          <select name="provider" required value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            <option value="">choose one</option>
            {Object.keys(setups).map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <label>
          <span>Name of the source</span>
          <input name="name" required pattern={namePattern} title="Lower-case letters, digits, - and _" value={text} autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <button type="submit" class={provider ? undefined : "primary"}>Continue</button>
      </form>
      <p class="muted">A second repository, team or secret of one provider is a source with a name of its own.</p>
    </Section>
  );
}

function SetUp({ provider, source }: { provider: string; source: string }) {
  const can = usePermission();
  const [secret, setSecret] = useState<string | null>(null);
  const sources = useResource("sources", (signal) => get("/api/v1/sources", { signal }));
  const deliveries = useResource(`deliveries ${provider}/${source}`, async (signal) => (can("deliveries:read") ? (await get("/api/v1/deliveries", { query: { provider, source, limit: 1 } as never, signal })).items : []));
  const setup = setups[provider]!;
  const configured = sources.data?.items.find((each) => each.provider === provider && each.name === source);
  return (
    <>
      {sources.error !== undefined && <Failure error={sources.error} onRetry={sources.reload} />}
      {configured?.enabled === false && <p class="notice">This source is disabled and takes no webhooks. Enable it in the manifest.</p>}
      <SecretForm provider={provider} source={source} setup={setup} inUse={configured ? true : deliveries.error === undefined ? deliveries.data && deliveries.data.length > 0 : true} onStored={setSecret} />
      <Steps setup={setup} provider={provider} source={source} secret={secret} patterns={configured?.events ?? []} />
      {can("deliveries:read") ? <FirstDelivery provider={provider} source={source} /> : <p class="muted">Your key may not see deliveries, so this page cannot show the first one.</p>}
    </>
  );
}
