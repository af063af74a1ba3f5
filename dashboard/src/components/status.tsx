import { words } from "../format";

type Tone = "good" | "bad" | "busy" | "wait" | "off";

const tones: Record<string, Tone> = {
  succeeded: "good", delivered: "good", accepted: "good", healthy: "good", resolved: "good", closed: "good", active: "good", sent: "good",
  failed: "bad", dead: "bad", open: "bad", unhealthy: "bad", ejected: "bad", critical: "bad", expired: "bad",
  running: "busy", sending: "busy", half_open: "busy",
  pending: "wait", queued: "wait", awaiting_approval: "wait", warning: "wait",
  cancelled: "off", ignored: "off", handshake: "off", revoked: "off", paused: "wait",
};
// Shapes differ, so that nobody needs the colours.
const marks: Record<Tone, string> = { good: "✓", bad: "✕", busy: "▶", wait: "◷", off: "–" };

/** The state of something: a shape, a colour and its name. */
export function Status({ value, label }: { value: string; label?: string }) {
  const tone = tones[value] ?? "off";
  return (
    <span class={`status status-${tone}`}>
      <span aria-hidden="true">{marks[tone]}</span>
      {label ?? words(value)}
    </span>
  );
}
