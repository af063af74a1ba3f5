import { type Schema, get, onSessionEnded, post, request } from "./api/client";
import { ApiProblem } from "./api/problems";
import { Store, useStore } from "./store";

export type Scope = Schema<"Scope">;
export type Session = Schema<"SessionView">;

export type SessionState =
  | { status: "unknown" }
  | { status: "anonymous"; ended: boolean }
  | { status: "active"; session: Session }
  | { status: "unreachable"; error: unknown };

export const sessionState = new Store<SessionState>({ status: "unknown" });

onSessionEnded(() => {
  if (sessionState.value.status === "active") sessionState.set({ status: "anonymous", ended: true });
});

/** Find out whether the cookie of this browser still has a session. */
export async function restoreSession(): Promise<void> {
  try {
    sessionState.set({ status: "active", session: await get("/api/v1/sessions/current") });
  } catch (error) {
    const refused = error instanceof ApiProblem && error.status === 401;
    sessionState.set(refused ? { status: "anonymous", ended: false } : { status: "unreachable", error });
  }
}

/** Whether the person logged in on this page, rather than having a session already. */
export const justLoggedIn = { value: false };

/** Exchange an API key for a session. Rejects with the refusal of the API. */
export async function logIn(key: string): Promise<void> {
  const session = await post("/api/v1/sessions", { headers: { Authorization: `Bearer ${key}` } });
  justLoggedIn.value = true;
  sessionState.set({ status: "active", session });
}

/** End the session, here and on the server. */
export async function logOut(): Promise<void> {
  try {
    await request("delete", "/api/v1/sessions/current");
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 401)) throw error;
  }
  sessionState.set({ status: "anonymous", ended: false });
}

/** End all sessions of the same key or token, this one too. */
export async function logOutEverywhere(): Promise<void> {
  await request("delete", "/api/v1/sessions");
  sessionState.set({ status: "anonymous", ended: false });
}

/** Return whether the session has the scope. */
export function can(scope: Scope | undefined): boolean {
  const state = sessionState.value;
  return scope === undefined || (state.status === "active" && state.session.scopes.includes(scope));
}

/** Return `can`, and render again when the session changes. */
export function usePermission(): typeof can {
  useStore(sessionState);
  return can;
}
