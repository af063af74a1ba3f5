import { words } from "../format";

/** A refusal by the API, as RFC 9457 describes it. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly requestId: string | null,
    readonly retryAfter: number | null,
    readonly faults: readonly { pointer: string; code: string }[],
  ) {
    super(detail);
  }

  static async of(response: Response): Promise<ApiProblem> {
    const body: unknown = await response.json().catch(() => null);
    const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    return new ApiProblem(
      response.status,
      typeof problem["detail"] === "string" ? problem["detail"] : "",
      response.headers.get("X-Request-ID"),
      Number.isNaN(after) ? null : after,
      Array.isArray(problem["errors"]) ? (problem["errors"] as { pointer: string; code: string }[]) : [],
    );
  }
}

/** No response arrived. */
export class NetworkFailure extends Error {
  constructor() {
    super("the API did not answer");
  }
}

export interface HumanMessage {
  title: string;
  detail: string;
  requestId: string | null;
}

const shortPause = 5_000;

/** Return after how many milliseconds a request that failed so is worth repeating; null if it is not. */
export function retryDelay(error: unknown): number | null {
  if (error instanceof NetworkFailure) return shortPause;
  if (!(error instanceof ApiProblem)) return null;
  if (error.status === 429) return (error.retryAfter ?? 1) * 1000;
  return error.status >= 500 ? (error.retryAfter ?? 5) * 1000 : null;
}

const titles: Record<number, string> = {
  400: "The request was not valid",
  401: "You are not logged in",
  403: "Your key does not allow this",
  404: "There is nothing here",
  409: "This is not possible in its present state",
  412: "It has changed in the meantime",
  413: "That is too large",
  415: "The request was not valid",
  422: "Something you entered is not valid",
  428: "It has changed in the meantime",
  429: "Too many requests",
  503: "The service is busy",
};

/** Return what to show a person for an error: what happened, and what to do. */
export function messageOf(error: unknown): HumanMessage {
  if (error instanceof NetworkFailure) {
    return { title: "Signalbox does not answer", detail: "Check the connection. This page tries again by itself.", requestId: null };
  }
  if (!(error instanceof ApiProblem)) {
    return { title: "This page has a fault", detail: error instanceof Error ? error.message : String(error), requestId: null };
  }
  const title = titles[error.status] ?? (error.status >= 500 ? "Signalbox failed to answer" : "The request was refused");
  return { title, detail: advice(error), requestId: error.status >= 500 ? error.requestId : null };
}

function advice(problem: ApiProblem): string {
  const faults = problem.faults.map((fault) => `${fault.pointer.replace(/^\/(body|query)\//, "")}: ${words(fault.code)}`);
  if (problem.status === 429) return `More are accepted in ${problem.retryAfter ?? 1} s.`;
  if (problem.status === 412 || problem.status === 428) return "The newest state is shown now. Look at it, then do it again if it still fits.";
  if (problem.status === 403) return problem.detail ? sentence(problem.detail) : "Ask an administrator for a key with more permissions.";
  if (problem.status >= 500) return "Nothing was lost. Try again in a moment.";
  return faults.length ? sentence(faults.join("; ")) : sentence(problem.detail);
}

const sentence = (text: string): string => (text ? text[0]!.toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "");
