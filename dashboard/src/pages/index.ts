import type { ComponentType } from "preact";
import type { Scope } from "../session";

export interface PageProps {
  /** The parts of the path that the pattern names. */
  params: Record<string, string>;
  query: Record<string, string>;
  /** Set the title of the tab, where it depends on what was loaded. */
  setTitle: (title: string) => void;
}

export interface Page {
  /** The pattern of the path, such as `/tasks/:id`. */
  path: string;
  title: string;
  /** Without this scope the page is neither in the navigation nor shown. */
  scope?: Scope;
  /** The group of the navigation that the page is in; without one it is reached by links. */
  group?: "Work" | "Traffic" | "Set-up" | "Access";
  /** The path of the page that the navigation marks as current. */
  parent?: string;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
}

/** Every page of the dashboard, in the order of the navigation. A further page is one module and one entry here. */
export const pages: readonly Page[] = [
  { path: "/", title: "Overview", group: "Work", load: () => import("./overview") },
  { path: "/tasks", title: "Tasks", scope: "tasks:read", group: "Work", load: () => import("./tasks") },
  { path: "/tasks/:id", title: "Task", scope: "tasks:read", parent: "/tasks", load: () => import("./task") },
  { path: "/incidents", title: "Incidents", scope: "metrics:read", group: "Work", load: () => import("./incidents") },
  { path: "/queues", title: "Queues", scope: "queue:read", group: "Work", load: () => import("./queues") },
  { path: "/dead-letters", title: "Dead letters", scope: "queue:read", group: "Work", load: () => import("./dead-letters") },
  { path: "/metrics", title: "Metrics", scope: "metrics:read", group: "Work", load: () => import("./metrics") },
  { path: "/cost", title: "Cost", scope: "metrics:read", group: "Work", load: () => import("./cost") },
  { path: "/deliveries", title: "Deliveries", scope: "deliveries:read", group: "Traffic", load: () => import("./deliveries") },
  { path: "/deliveries/:id", title: "Delivery", scope: "deliveries:read", parent: "/deliveries", load: () => import("./delivery") },
  { path: "/rejections", title: "Rejected requests", scope: "deliveries:read", group: "Traffic", load: () => import("./rejections") },
  { path: "/notifications", title: "Notifications", scope: "notifications:read", group: "Traffic", load: () => import("./notifications") },
  { path: "/notifications/:task/:id", title: "Notification", scope: "notifications:read", parent: "/notifications", load: () => import("./notification") },
  { path: "/sources", title: "Sources", scope: "config:read", group: "Set-up", load: () => import("./sources") },
  { path: "/sources/new", title: "Set up a source", scope: "config:write", parent: "/sources", load: () => import("./add-source") },
  { path: "/connections", title: "Connections", scope: "config:read", group: "Set-up", load: () => import("./connections") },
  { path: "/schedules", title: "Schedules", scope: "config:read", group: "Set-up", load: () => import("./schedules") },
  { path: "/services", title: "Services", scope: "config:read", group: "Set-up", load: () => import("./services") },
  { path: "/services/:name", title: "Service", scope: "config:read", parent: "/services", load: () => import("./service") },
  { path: "/keys", title: "Keys", scope: "keys:read", group: "Access", load: () => import("./keys") },
  { path: "/roles", title: "Roles", scope: "keys:read", group: "Access", load: () => import("./roles") },
  { path: "/audit", title: "Audit log", scope: "audit:read", group: "Access", load: () => import("./audit") },
  { path: "/session", title: "This session", group: "Access", load: () => import("./session") },
];
