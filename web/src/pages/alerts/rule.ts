/** A rule as it is filled in, as the server takes it, and in words. */
import type { Kind, NewRule, Rule } from "../../api/types";
import { number, pretty } from "../../lib/units";
import { t } from "../../texts";

export interface Draft {
  name: string;
  scope: "kind" | "twin";
  kind: string;
  twin: string;
  on: "reading" | "forecast" | "risk";
  of: string;
  low: string;
  high: string;
  probability: string;
  hours: string;
  severity: "info" | "warning" | "critical";
  escalate: string;
  policy: boolean;
  persistence: string;
  outOf: string;
  refractory: string;
  margin: string;
  silent: string;
}
export const FIELDS = ["name", "twin", "kind", "on", "of", "low", "high", "probability", "hours", "severity", "escalate_minutes", "persistence", "refractory_hours", "margin", "silent"];

interface Policy {
  persistence?: number;
  of?: number;
  refractory_hours?: number;
  margin?: number;
  silent?: [number, number][];
}
const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));

export function draftOf(rule: Rule | undefined, kind: string): Draft {
  const body = (rule?.body ?? {}) as Record<string, unknown>;
  const policy = (body.policy ?? null) as Policy | null;
  return {
    name: rule?.name ?? "",
    scope: rule && rule.twin !== null ? "twin" : "kind",
    kind: rule?.kind ?? kind,
    twin: rule?.twin ?? "",
    on: (body.on as Draft["on"]) ?? "reading",
    of: text(body.of),
    low: text(body.low),
    high: text(body.high),
    probability: text(body.probability ?? 0.5),
    hours: text(body.hours ?? 3),
    severity: (body.severity as Draft["severity"]) ?? "warning",
    escalate: text(body.escalate_minutes),
    policy: policy !== null,
    persistence: text(policy?.persistence ?? 1),
    outOf: text(policy?.of ?? policy?.persistence ?? 1),
    refractory: text(policy?.refractory_hours ?? 6),
    margin: text(policy?.margin ?? 0),
    silent: (policy?.silent ?? []).map(([a, b]) => `${a}-${b}`).join(", "),
  };
}

const value = (said: string) => (said.trim() === "" ? null : Number(said));
/** "22-6, 13-14" as pairs; what is no pair goes as it is, and the server says so. */
const hoursOf = (said: string) => said.split(",").filter((part) => part.trim()).map((part) => part.split("-").map((h) => (h.trim() === "" || Number.isNaN(Number(h)) ? h.trim() : Number(h))));

export function bodyOf(draft: Draft): NewRule {
  const policy = draft.policy ? { persistence: value(draft.persistence), of: value(draft.outOf), refractory_hours: value(draft.refractory), margin: value(draft.margin), silent: hoursOf(draft.silent) } : null;
  return {
    name: draft.name.trim(),
    twin: draft.scope === "twin" ? draft.twin : null,
    kind: draft.kind,
    on: draft.on,
    of: draft.of,
    low: draft.on === "risk" ? null : value(draft.low),
    high: draft.on === "risk" ? null : value(draft.high),
    probability: draft.on === "reading" ? 0.5 : value(draft.probability),
    hours: draft.on === "reading" ? 3 : value(draft.hours),
    severity: draft.severity,
    escalate_minutes: value(draft.escalate),
    policy,
  } as NewRule;
}

/** What can be watched: readings are of observables, forecasts of quantities too, a risk is a probability. */
export function watchable(kind: Kind, on: Draft["on"]): { name: string; meaning: string; unit: string }[] {
  const observables = kind.observables.filter((o) => (o.dims?.length ?? 0) === 0 && o.axis !== "none");
  if (on === "reading") return observables;
  if (on === "risk") return kind.quantities.filter((q) => q.unit === "1");
  return [...observables.filter((o) => o.axis === "grid"), ...kind.quantities];
}

const percent = (p: unknown) => `${Number((100 * Number(p)).toFixed(1))} %`;

/** When it is raised, in words. */
export function saidOf(rule: Rule, unit: string): string {
  const body = rule.body as Record<string, number | null> & { on: string; policy?: Policy | null };
  const u = unit ? ` ${pretty(unit)}` : "";
  const limits = [body.low !== null && t.rules.below(`${number(body.low!)}${u}`), body.high !== null && t.rules.above(`${number(body.high!)}${u}`)].filter(Boolean).join(" or ");
  const ahead = `${number(body.hours ?? 3)} h`;
  const parts = [body.on === "risk" ? t.rules.atLeast(percent(body.probability), ahead) : limits];
  if (body.on === "forecast") parts.push(t.rules.chance(percent(body.probability), ahead));
  const p = body.policy;
  if (p) {
    if ((p.of ?? 1) > 1) parts.push(t.rules.persistent(p.persistence ?? 1, p.of ?? 1));
    if (p.refractory_hours) parts.push(t.rules.onceIn(`${number(p.refractory_hours)} h`));
  }
  if (body.escalate_minutes) parts.push(t.rules.escalates(`${number(body.escalate_minutes)} min`));
  return parts.join(", ");
}
