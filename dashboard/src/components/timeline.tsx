import type { ComponentChildren } from "preact";
import { Clock } from "./time";

export interface TimelineItem {
  key: string;
  at: string;
  title: ComponentChildren;
  detail?: ComponentChildren;
  tone?: "good" | "bad" | "busy" | "off";
}

/** What happened, in order, with the time of each step. */
export function Timeline({ items, label }: { items: readonly TimelineItem[]; label: string }) {
  return (
    <ol class="timeline" aria-label={label}>
      {items.map((item) => (
        <li key={item.key} class={item.tone && `timeline-${item.tone}`}>
          <Clock at={item.at} brief />
          <div>
            <span class="timeline-title">{item.title}</span>
            {item.detail && <div class="timeline-detail">{item.detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
