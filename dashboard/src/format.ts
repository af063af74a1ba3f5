import type { Zone } from "./preferences";

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** Return how long ago a time was, or how far away it is: `5 min. ago`. */
export function relativeTime(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  if (Math.abs(seconds) < 5) return "now";
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Return a time with its date in the zone: `2026-03-01 12:00:07 UTC`. */
export function absoluteTime(at: string, zone: Zone): string {
  const parts = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", ...(zone === "utc" && { timeZone: "UTC" }) }).format(new Date(at));
  const name = zone === "utc" ? "UTC" : (new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(new Date(at)).find((part) => part.type === "timeZoneName")?.value ?? "");
  return `${parts} ${name}`.trim();
}

/** Return the time of day in the zone: `12:00:07`. */
export function clockTime(at: string, zone: Zone): string {
  return new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", ...(zone === "utc" && { timeZone: "UTC" }) }).format(new Date(at));
}

/** Return a number of things: `1 task`, `2 tasks`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** Return a length of time in its two largest units: `3 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const sizes: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [name, size] of sizes) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count) parts.push(`${count} ${name}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** Return a number of bytes as people write it: `2.4 KB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} KB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** Return the name of a value of the API for people: `awaiting_approval` becomes `awaiting approval`. */
export const words = (value: string): string => value.replaceAll("_", " ");

/** Return the type of an event for people, without what most of them begin with: `signalbox.task.created` becomes `created`. */
export const eventName = (type: string): string => words(type.replace(/^signalbox\.(task\.)?/, ""));
