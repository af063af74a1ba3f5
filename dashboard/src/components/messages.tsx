import { messageOf } from "../api/problems";
import { Store, useStore } from "../store";

interface Message {
  id: number;
  kind: "success" | "error" | "quiet";
  text: string;
  detail?: string;
}

const messages = new Store<readonly Message[]>([]);
let count = 0;

/** Show a message for some seconds; screen readers read it. */
export function notify(text: string): void {
  add({ id: (count += 1), kind: "success", text });
}

/** Show what went wrong, until it is closed. */
export function notifyError(error: unknown): void {
  const { title, detail } = messageOf(error);
  add({ id: (count += 1), kind: "error", text: title, detail });
}

/** Have a screen reader read a text that is visible otherwise. */
export function announce(text: string): void {
  add({ id: (count += 1), kind: "quiet", text });
}

function add(message: Message): void {
  messages.set([...messages.value.slice(-3), message]);
  if (message.kind !== "error") setTimeout(() => close(message.id), message.kind === "quiet" ? 2_000 : 6_000);
}

const close = (id: number) => messages.set(messages.value.filter((message) => message.id !== id));

/** The place where messages appear: a live region. */
export function Messages() {
  const current = useStore(messages);
  return (
    <div class="messages" role="status" aria-live="polite">
      {current.map((message) => (
        <div key={message.id} class={message.kind === "quiet" ? "visually-hidden" : `message message-${message.kind}`}>
          <div>
            <strong>{message.text}</strong>
            {message.detail && <p>{message.detail}</p>}
          </div>
          {message.kind !== "quiet" && (
            <button type="button" class="icon-button" aria-label="Close this message" onClick={() => close(message.id)}>×</button>
          )}
        </div>
      ))}
    </div>
  );
}
