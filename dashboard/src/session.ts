import { addressOf, onSessionEnded, raw } from "./api/client";
import { ApiProblem } from "./api/problems";
import type { Schema } from "./api/client";
import { Store, useStore } from "./store";

export type Scope = Schema<"Scope">;

export interface Session {
  principal: string;
  name: string;
  scopes: readonly Scope[];
  expires_at: string;
}

export type SessionState =
  | { status: "unknown" }
  | { status: "anonymous"; ended: boolean }
  | { status: "active"; session: Session }
  | { status: "unreachable"; error: unknown };

const path = "/api/v1/sessions";
export const sessionState = new Store<SessionState>({ status: "unknown" });

onSessionEnded(() => {
  if (sessionState.value.status === "active") sessionState.set({ status: "anonymous", ended: true });
});

/** Find out whether the cookie of this browser still has a session. */
export async function restoreSession(): Promise<void> {
  try {
    const response = await raw("get", addressOf(`${path}/current`));
    sessionState.set({ status: "active", session: (await response.json()) as Session });
  } catch (error) {
    const refused = error instanceof ApiProblem && error.status === 401;
    sessionState.set(refused ? { status: "anonymous", ended: false } : { status: "unreachable", error });
  }
}

/** Whether the person logged in on this page, rather than having a session already. */
export const justLoggedIn = { value: false };

/** Exchange an API key for a session. Rejects with the refusal of the API. */
export async function logIn(key: string): Promise<void> {
  const response = await raw("post", addressOf(path), undefined, { headers: { Authorization: `Bearer ${key}` } });
  const session = (await response.json()) as Session;
  justLoggedIn.value = true;
  sessionState.set({ status: "active", session });
}

/** End the session, here and on the server. */
export async function logOut(): Promise<void> {
  try {
    await raw("delete", addressOf(`${path}/current`));
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 401)) throw error;
  }
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
