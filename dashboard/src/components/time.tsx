import { absoluteTime, clockTime, relativeTime } from "../format";
import { zone } from "../preferences";
import { Store, useStore } from "../store";

const clock = new Store(Date.now());
setInterval(() => {
  if (!document.hidden) clock.set(Date.now());
}, 5_000);

/** Return the present time, and render again every five seconds. */
export const useNow = (): number => useStore(clock);

/** A time as the distance from now; its title is the time itself. */
export function Time({ at }: { at: string | null | undefined }) {
  const now = useNow();
  const inZone = useStore(zone);
  if (!at) return <span class="muted">never</span>;
  return <time dateTime={at} title={absoluteTime(at, inZone)}>{relativeTime(at, now)}</time>;
}

/** A time with its date; `brief` leaves the date out. */
export function Clock({ at, brief = false }: { at: string; brief?: boolean }) {
  const inZone = useStore(zone);
  return <time class="num" dateTime={at} title={absoluteTime(at, inZone)}>{brief ? clockTime(at, inZone) : absoluteTime(at, inZone)}</time>;
}
