import { useEffect, useRef } from "preact/hooks";
import { post } from "./api/client";
import { ApiProblem } from "./api/problems";
import { Store } from "./store";

/** An event of the WebSocket, as docs/realtime.md describes it. */
export interface LiveEvent {
  id: string;
  type: string;
  topic: string;
  subject?: string;
  time: string;
  data?: Record<string, unknown>;
}

export type LiveStatus = "connecting" | "live" | "polling";

/** How the page learns of changes: by the socket, or by asking again and again. */
export const liveStatus = new Store<LiveStatus>("connecting");

type Listener = (event: LiveEvent | null) => void;

interface Topic {
  listeners: Set<Listener>;
  last: string | null;
  end: ReturnType<typeof setTimeout> | undefined;
}

const pingEvery = 240_000;
// Pages that follow each other mostly need the same topics, so a topic ends some time after its last listener.
const linger = 30_000;
const longestPause = 30_000;

/** Return the two numbers at the end of an id, which order the events of a topic. */
function positionOf(id: string): [number, number] {
  const [major = "0", minor = "0"] = id.slice(id.lastIndexOf(":") + 1).split(".");
  return [Number(major), Number(minor)];
}

function isAfter(id: string, last: string): boolean {
  const [a, b] = positionOf(id);
  const [c, d] = positionOf(last);
  return a > c || (a === c && b > d);
}

/** One socket for all topics of the page. It reconnects by itself and resumes after the last event. */
class LiveClient {
  private readonly topics = new Map<string, Topic>();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private failures = 0;
  private running = false;

  start(): void {
    if (this.running) return;
    this.running = true;
    this.failures = 0;
    liveStatus.set("connecting");
    void this.connect();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.drop();
    this.topics.clear();
  }

  subscribe(name: string, listener: Listener): () => void {
    const topic = this.topics.get(name) ?? { listeners: new Set(), last: null, end: undefined };
    clearTimeout(topic.end);
    topic.listeners.add(listener);
    if (!this.topics.has(name)) {
      this.topics.set(name, topic);
      this.send({ type: "subscribe", topic: name });
    }
    return () => {
      topic.listeners.delete(listener);
      // Those of single tasks are many, and a connection has fifty topics.
      if (topic.listeners.size === 0) topic.end = setTimeout(() => this.end(name, topic), name.includes("/") ? 0 : linger);
    };
  }

  private end(name: string, topic: Topic): void {
    if (topic.listeners.size || this.topics.get(name) !== topic) return;
    this.topics.delete(name);
    this.send({ type: "unsubscribe", topic: name });
  }

  private async connect(): Promise<void> {
    try {
      const { ticket, url } = await post("/api/v1/realtime/tickets");
      if (!this.running) return;
      this.open(`${url}?ticket=${encodeURIComponent(ticket)}`);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 401)) this.retryLater();
    }
  }

  private open(address: string): void {
    const socket = new WebSocket(address);
    this.drop();
    this.socket = socket;
    socket.onopen = () => {
      this.failures = 0;
      liveStatus.set("live");
      for (const [topic, { last }] of this.topics) this.send({ type: "subscribe", topic, ...(last && { after: last }) });
      this.pinger = setInterval(() => this.send({ type: "ping" }), pingEvery);
    };
    socket.onmessage = (message) => this.receive(String(message.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.drop();
      if (this.running) this.retryLater();
    };
  }

  private receive(text: string): void {
    const event = JSON.parse(text) as LiveEvent;
    if (event.type === "signalbox.realtime.reconnect") {
      void this.connect();
      return;
    }
    const topic = this.topics.get(event.topic ?? (event.data?.["topic"] as string));
    if (!topic) return;
    if (event.type === "signalbox.realtime.subscribed") this.resumed(topic, event.data ?? {});
    else if (!event.type.startsWith("signalbox.realtime.")) this.deliver(topic, event);
  }

  private resumed(topic: Topic, data: Record<string, unknown>): void {
    const first = topic.last === null;
    if (typeof data["after"] === "string" && (first || !data["resumed"])) topic.last = data["after"];
    // What changed between reading the page and subscribing, or was missed, is only in the API.
    if (first || !data["resumed"]) for (const listener of [...topic.listeners]) listener(null);
  }

  private deliver(topic: Topic, event: LiveEvent): void {
    if (topic.last !== null && !isAfter(event.id, topic.last)) return;
    topic.last = event.id;
    for (const listener of [...topic.listeners]) listener(event);
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private drop(): void {
    clearInterval(this.pinger);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.onclose = socket.onmessage = socket.onopen = null;
    socket?.close();
  }

  private retryLater(): void {
    this.failures += 1;
    if (this.failures > 1) liveStatus.set("polling");
    const pause = Math.min(longestPause, 500 * 2 ** this.failures) * (0.5 + Math.random() / 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), pause);
  }
}

export const live = new LiveClient();

/** Call the listener for each event of the topics, and with null when events may have been missed. */
export function useLive(topics: readonly string[], listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  const key = topics.join(" ");
  useEffect(() => {
    if (!key) return undefined;
    const ends = key.split(" ").map((topic) => live.subscribe(topic, (event) => latest.current(event)));
    return () => {
      for (const end of ends) end();
    };
  }, [key]);
}
