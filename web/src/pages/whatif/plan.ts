/** Options as one makes them: named lists of actions with times and fields; in a link, and as the server takes them. */
import type { Kind, Property, Schema, WhatIf } from "../../api/types";
import { MINUTE } from "../../lib/time";
import { soon } from "../../lib/scale";
import { words } from "../../lib/units";

export type Value = string | number | null;
export interface Step {
  id: string;
  type: string;
  at: number;
  fields: Record<string, Value>;
}
export interface Choice {
  id: string;
  name: string;
  steps: Step[];
}
export interface Goal {
  objective: { quantity: string; sense: "min" | "max" };
  constraints: { quantity: string; low?: number; high?: number; probability: number }[];
}
export interface Plan {
  hours: number;
  choices: Choice[];
  goal: Goal | null;
}

export const PLANNED = "as planned"; // the server's name for the reference
export const MOST = 4; // options beside it that a chart still tells apart
const INTERNAL = ["type", "at", "known_at"];

let made = 0;
export const newId = () => `n${++made}-${Math.floor(performance.now())}`;

/** The fields that one fills in, in the schema's order. */
export const fieldsOf = (schema: Schema): [string, Property][] => Object.entries(schema.properties).filter(([name]) => !INTERNAL.includes(name));
export const isRequired = (schema: Schema, name: string) => schema.required?.includes(name) ?? false;

/** An action of this type with what is typical where something is needed. */
export function newStep(schema: Schema, at: number): Step {
  const fields: Record<string, Value> = {};
  for (const [name, property] of fieldsOf(schema)) {
    if (property.enum) fields[name] = property.enum[0]!;
    else if (isRequired(schema, name)) fields[name] = (property.examples?.[0] as Value) ?? property.minimum ?? 0;
    else if (property.type === "number" && property.examples) fields[name] = property.examples[0] as Value;
  }
  return { id: newId(), type: schema.title, at, fields };
}

export function newChoice(kind: Kind, at: number, taken: readonly string[]): Choice {
  const schema = kind.actions[0];
  const steps = schema ? [newStep(schema, at)] : [];
  return { id: newId(), name: freshName(schema ? words(schema.title) : "Option", taken), steps };
}

export function freshName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted) && wanted !== PLANNED) return wanted;
  for (let n = 2; ; n++) if (!taken.includes(`${wanted} ${n}`)) return `${wanted} ${n}`;
}

/** As the server takes an action; what was left empty is left out. */
export const sent = (step: Step) => ({
  type: step.type,
  at: new Date(step.at).toISOString(),
  ...Object.fromEntries(Object.entries(step.fields).filter(([, value]) => value !== null && value !== "")),
});
export const optionsOf = (plan: Plan) => Object.fromEntries(plan.choices.map((choice) => [choice.name, choice.steps.map(sent)]));

interface Packed {
  h: number;
  o: [string, [string, number, Record<string, Value>][]][];
  g: Goal | null;
}
/** The plan as text for a link; times in whole minutes. */
export function packed(plan: Plan): string {
  const bare: Packed = { h: plan.hours, g: plan.goal, o: plan.choices.map((c) => [c.name, c.steps.map((s) => [s.type, Math.round(s.at / MINUTE), s.fields])]) };
  const bytes = new TextEncoder().encode(JSON.stringify(bare));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function unpacked(text: string): Plan | null {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const bare = JSON.parse(new TextDecoder().decode(bytes)) as Packed;
    const choices = bare.o.slice(0, MOST).map(([name, steps]) => ({ id: newId(), name: String(name).slice(0, 200), steps: steps.map(([type, at, fields]) => ({ id: newId(), type, at: at * MINUTE, fields })) }));
    return { hours: Number(bare.h) || 4, choices, goal: bare.g ?? null };
  } catch {
    return null;
  }
}

/** A saved one as options on the bench; relative times count from now, and values with a unit keep their number. */
export function planOf(one: WhatIf, now: number): Plan {
  const choices = Object.entries(one.options).slice(0, MOST).map(([name, actions]) => ({ id: newId(), name, steps: actions.map((action) => stepOf(action, now)) }));
  return { hours: one.hours, choices, goal: (one.goal ?? null) as Goal | null };
}

function stepOf(action: Record<string, unknown>, now: number): Step {
  const [[only, inner]] = Object.entries(action) as [[string, unknown]];
  const { type, at, known_at: _, ...fields } = (action.type === undefined ? { type: only, ...(inner as object) } : action) as Record<string, unknown>;
  const plain = Object.entries(fields).map(([name, value]) => [name, typeof value === "string" && /^-?[\d.]+ /.test(value) ? parseFloat(value) : value]);
  return { id: newId(), type: String(type), at: instantOf(String(at), now), fields: Object.fromEntries(plain) as Record<string, Value> };
}

function instantOf(at: string, now: number): number {
  const ahead = /^\+([\d.]+)\s*(min|h)/.exec(at);
  return ahead ? soon(now - 30 * MINUTE + Number(ahead[1]) * (ahead[2] === "h" ? 60 : 1) * MINUTE, 5 * MINUTE) : Date.parse(at);
}

/** Whether two come to the same, in whole minutes. */
export const samePlan = (a: Plan, b: Plan) => bared(a) === bared(b);
const sorted = (_: string, value: unknown) => (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== "").sort(([x], [y]) => (x < y ? -1 : 1))) : value);
const bared = (plan: Plan) => JSON.stringify({ h: plan.hours, g: plan.goal, o: plan.choices.map((c) => [c.name, c.steps.map((s) => [s.type, Math.round(s.at / MINUTE), s.fields])]) }, sorted);

/** The goal that a kind's panels suggest. */
export function goalOf(kind: Kind): Goal | null {
  const panel = kind.panels.find((p) => p.type === "goal") as (Goal & { type: string }) | undefined;
  if (panel) return { objective: panel.objective, constraints: panel.constraints };
  const first = kind.quantities[0];
  return first && kind.capabilities.includes("Causal") ? { objective: { quantity: first.name, sense: "min" }, constraints: [] } : null;
}

/** Which action, and which of its fields, a refusal is about. */
export function faultOf(detail: string, where: string, plan: Plan): { choice?: string; type?: string; field?: string } {
  const choice = plan.choices.find((c) => where.startsWith(`options.${c.name}`) || where.includes(`candidates.${c.name}`))?.id;
  const named = /^(\w+)\.(\w+) /.exec(detail) ?? /^(\w+) needs (\w+)/.exec(detail);
  return { choice, type: named?.[1], field: named?.[2] };
}
