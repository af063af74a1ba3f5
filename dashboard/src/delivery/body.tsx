import { type Schema, get } from "../api/client";
import { Section } from "../components/basics";
import { notifyError } from "../components/messages";
import { usePermission } from "../session";

type Delivery = Schema<"DeliveryView">;

/** The body of a delivery, with what looks like a secret masked; the bytes as they were sent for those who may have them. */
export function Body({ delivery }: { delivery: Delivery }) {
  const can = usePermission();
  const { body } = delivery;
  const notes = [body?.masked && "secrets are masked", body?.truncated && "cut at a megabyte", body?.encoding === "base64" && "not text: in base64"].filter(Boolean).join(", ");
  return (
    <Section title="Body" aside={body && can("deliveries:body") ? <button type="button" onClick={() => void download(delivery.id)}>Download as sent</button> : undefined}>
      <p class="untrusted">{body ? `Written by the sender; it is shown as it came${notes ? ` (${notes})` : ""}.` : ""}</p>
      {body ? <pre class="body" tabIndex={0} aria-label="Content of the body">{readable(body)}</pre> : <p class="muted">The body is not stored any more.</p>}
    </Section>
  );
}

function readable(body: Schema<"BodyView">): string {
  if (body.encoding !== "text") return body.content;
  try {
    return JSON.stringify(JSON.parse(body.content), null, 2);
  } catch {
    return body.content;
  }
}

async function download(id: string): Promise<void> {
  try {
    const { content } = await get("/api/v1/deliveries/{delivery_id}/body", { path: { delivery_id: id } });
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${id}.bin`;
    link.click();
    URL.revokeObjectURL(address);
  } catch (error) {
    notifyError(error);
  }
}
