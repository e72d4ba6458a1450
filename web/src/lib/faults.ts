/** A refusal at the field that it is about: the server's reason by the last word of where it is. */
import { Problem } from "../api/http";

export interface Faults {
  at: Record<string, string>; // by field
  rest: string; // what is about none of them
}

export function faultsOf(error: unknown, fields: readonly string[]): Faults {
  if (!error) return { at: {}, rest: "" };
  if (!(error instanceof Problem)) return { at: {}, rest: String(error) };
  const told = error.fields.length > 0 ? error.fields : [{ where: error.where, what: error.detail + (error.fix ? `: ${error.fix}` : "") }];
  const at: Record<string, string> = {};
  let rest = "";
  for (const { where, what } of told) {
    const field = where.split(".").reverse().find((part) => fields.includes(part)) ?? fields.find((name) => new RegExp(`\\b${name}\\b`).test(error.status === 422 ? what : ""));
    if (field) at[field] ??= what;
    else rest ||= what;
  }
  return { at, rest };
}
