/** Typed calls: paths, parameters and answers are those of the server's OpenAPI document. */
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "delete";
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Content<R> = R extends { content: { "application/json": infer C } } ? C : never;
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? { [S in keyof R]: Content<R[S]> }[keyof R] : never;
type Parameters<O> = O extends { parameters: infer Q } ? Q : never;
type Query<O> = Parameters<O> extends { query?: infer Q } ? Q : never;
type Path<O> = Parameters<O> extends { path: infer Q } ? Q : Record<string, never>;

export interface Ask<P extends keyof paths, M extends Method> {
  path?: Path<Operation<P, M>>;
  query?: Query<Operation<P, M>>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** What the server says when it refuses: what is wrong, where, and the fix. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly where = "",
    readonly fix = "",
    readonly fields: { where: string; what: string }[] = [],
  ) {
    super(detail);
  }
}

/** The value that a session's changes carry; told by the server at log-in and by /v1/me. */
let csrf = "";
let onLost: () => void = () => undefined;
export const session = {
  remember(value: string | null | undefined) {
    csrf = value ?? "";
  },
  /** Called when the server no longer knows us. */
  onLost(callback: () => void) {
    onLost = callback;
  },
};

export function address(template: string, path: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

export async function call<P extends keyof paths, M extends Method>(method: M, template: P, ask: Ask<P, M> = {}): Promise<Answer<P, M>> {
  const headers: Record<string, string> = { Accept: "application/json", ...ask.headers };
  if (method !== "get" && csrf) headers["X-CSRF-Token"] = csrf;
  let body: BodyInit | undefined;
  if (ask.body instanceof Blob) {
    body = ask.body;
    headers["Content-Type"] = "application/octet-stream";
  } else if (ask.body !== undefined) {
    body = JSON.stringify(ask.body);
    headers["Content-Type"] = "application/json";
  }
  const where = address(template, ask.path as Record<string, unknown>, ask.query as Record<string, unknown>);
  let answer: Response;
  try {
    answer = await fetch(where, { method: method.toUpperCase(), headers, body, signal: ask.signal, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "the server cannot be reached", "", "check the connection; this page tries again by itself");
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as Answer<P, M>;
  throw await refused(answer, template);
}

async function refused(answer: Response, template: string): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as Partial<Record<string, unknown>>;
  if (answer.status === 401 && template !== "/v1/sessions" && template !== "/v1/me") onLost();
  return new Problem(
    answer.status,
    String(said.detail ?? answer.statusText),
    String(said.where ?? ""),
    String(said.fix ?? ""),
    (said.errors as Problem["fields"]) ?? [],
  );
}

export const get = <P extends PathOf<"get">>(path: P, ask: Ask<P, "get"> = {}) => call("get", path, ask);
export const post = <P extends PathOf<"post">>(path: P, ask: Ask<P, "post"> = {}) => call("post", path, ask);
export const put = <P extends PathOf<"put">>(path: P, ask: Ask<P, "put"> = {}) => call("put", path, ask);
export const del = <P extends PathOf<"delete">>(path: P, ask: Ask<P, "delete"> = {}) => call("delete", path, ask);
