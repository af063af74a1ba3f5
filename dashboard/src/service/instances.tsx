import type { Schema } from "../api/client";
import { Status } from "../components/status";
import { type Column, Table } from "../components/table";
import { Time } from "../components/time";
import { Timeline, type TimelineItem } from "../components/timeline";

type Instance = Schema<"InstanceStatus">;
type Event = Schema<"InstanceEvent">;

const nameOf = (version: string | null, id: string): string => (version ? `${version}/${id}` : id);
const tones: Record<string, TimelineItem["tone"]> = { healthy: "good", returned: "good", unhealthy: "bad", ejected: "bad", removed: "off" };

const columns: readonly Column<Instance>[] = [
  { name: "Instance", isHeader: true, sort: (item) => nameOf(item.version, item.id), cell: (item) => <><span class="row-title">{nameOf(item.version, item.id)}</span><div class="row-note">{item.url ?? "found by discovery"}</div></> },
  { name: "State", sort: (item) => item.state, cell: (item) => <><Status value={item.state} /><Since instance={item} /></> },
  { name: "Weight", numeric: true, wideOnly: true, cell: (item) => item.weight ?? "–" },
  { name: "Zone", wideOnly: true, sort: (item) => item.zone ?? "", cell: (item) => item.zone ?? "–" },
  { name: "Comes from", wideOnly: true, sort: (item) => item.source, cell: (item) => <>{item.source}{item.expires_at && <div class="row-note">registration ends <Time at={item.expires_at} /></div>}</> },
];

function Since({ instance }: { instance: Instance }) {
  if (instance.ejected_until) return <div class="row-note">until <Time at={instance.ejected_until} /></div>;
  return instance.since ? <div class="row-note">since <Time at={instance.since} /></div> : null;
}

/** Return who may send requests to a service. */
export const accessOf = ({ access }: Schema<"Service">): string => (access.public ? "public" : [access.scope && `keys with ${access.scope}`, access.roles.length && `roles ${access.roles.join(", ")}`].filter(Boolean).join(", "));

/** The instances of a service and their health. */
export function Instances({ service, instances }: { service: string; instances: readonly Instance[] }) {
  return <Table caption={`Instances of ${service}`} columns={columns} items={instances} id={(item) => nameOf(item.version, item.id)} />;
}

/** The latest changes of the health of instances, newest first. */
export function HealthHistory({ events }: { events: readonly Event[] }) {
  const items = events.map((event): TimelineItem => ({
    key: `${event.at} ${nameOf(event.version, event.instance)} ${event.event}`,
    at: event.at,
    title: `${nameOf(event.version, event.instance)} ${event.event}`,
    detail: event.reason,
    tone: tones[event.event],
  }));
  return <Timeline label="What changed the health of instances" items={items} />;
}
