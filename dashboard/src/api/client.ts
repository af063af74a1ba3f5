import type { components, paths } from "./schema";
import { ApiProblem, NetworkFailure } from "./problems";

/** The schemas of the API by name: `Schema<"TaskView">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

type Method = "get" | "post" | "put" | "patch" | "delete";
type Operation<Path extends keyof paths, M extends Method> = NonNullable<paths[Path][M & keyof paths[Path]]>;
/** Paths of the API that have the method. */
export type PathOf<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<M, object> ? Path : never;
}[keyof paths];

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Responses<Op> = Op extends { responses: infer R } ? R : never;
type Success<R> = { [Code in keyof R & (200 | 201 | 202)]: Json<R[Code]> }[keyof R & (200 | 201 | 202)];
/** The body of a successful response. */
export type Result<Path extends keyof paths, M extends Method> = Success<Responses<Operation<Path, M>>>;

type Parameters<Op, Where extends string> = Op extends { parameters: infer P } ? (Where extends keyof P ? P[Where] : undefined) : undefined;
type Body<Op> = Op extends { requestBody?: infer R } ? Json<NonNullable<R>> : undefined;

export interface Options<Path extends keyof paths, M extends Method> {
  path?: Parameters<Operation<Path, M>, "path">;
  query?: Parameters<Operation<Path, M>, "query">;
  body?: Body<Operation<Path, M>>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

const sessionEnded = new Set<() => void>();
/** Call the listener whenever the API refuses the session. */
export const onSessionEnded = (listener: () => void): void => void sessionEnded.add(listener);

/** Send a request and return the body and the ETag of its response. Rejects with `ApiProblem` or `NetworkFailure`. */
export async function request<M extends Method, Path extends PathOf<M>>(
  method: M,
  path: Path,
  options: Options<Path, M> = {},
): Promise<Answer<Result<Path, M>>> {
  const response = await raw(method, addressOf(path as string, options.path ?? {}, options.query ?? {}), options.body, options);
  const text = await response.text().catch(failed(options.signal));
  return { data: (text ? JSON.parse(text) : undefined) as Result<Path, M>, etag: response.headers.get("ETag") };
}

/** Return the body of `GET path`. */
export async function get<Path extends PathOf<"get">>(path: Path, options: Options<Path, "get"> = {}): Promise<Result<Path, "get">> {
  return (await request("get", path, options)).data;
}

/** Send `body` with POST and return the body of the response. */
export async function post<Path extends PathOf<"post">>(path: Path, options: Options<Path, "post"> = {}): Promise<Result<Path, "post">> {
  return (await request("post", path, options)).data;
}

interface RawOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Send a request and return its response if that is a success. */
async function raw(method: string, address: string, body?: unknown, options: RawOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  // A page of another origin cannot add a header, so this one proves that the request is from this page.
  if (method !== "get") headers["X-Signalbox-Request"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method: method.toUpperCase(), headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (options.signal) init.signal = options.signal;
  const response = await fetch(address, init).catch(failed(options.signal));
  if (response.ok) return response;
  const problem = await ApiProblem.of(response);
  if (problem.status === 401 && !headers["Authorization"]) for (const listener of sessionEnded) listener();
  throw problem;
}

/** Return a function that rejects for a response that did not arrive as a whole. */
const failed = (signal: AbortSignal | undefined) => (error: unknown): never => {
  if (signal?.aborted) throw error;
  throw new NetworkFailure();
};

/** Return the address of an API path, relative to the page, with its parameters filled in. */
export function addressOf(path: string, parameters: object = {}, query: object = {}): string {
  const filled = Object.entries(parameters).reduce((rest, [name, value]) => rest.replace(`{${name}}`, encodeURIComponent(String(value))), path);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const tail = search.toString();
  return filled.replace(/^\//, "") + (tail ? `?${tail}` : "");
}
