/** What is held over time (a medicine's dose, a diet): from its action on until the next of its type; 0 ends it. */
import type { Deed, Kind } from "../api/types";
import { MINUTE } from "../lib/time";
import { newStep, type Step } from "../pages/whatif/plan";

export interface Held {
  action: string;
  amount: string; // the field that says how much
}
export interface Segment {
  from: number;
  to: number; // Infinity: goes on
  amount: number;
}
/** What is meant otherwise than planned: how much from when on, and when it ends (null: it goes on). */
export interface Change {
  amount: number;
  start: number;
  stop: number | null;
}
export type Changes = Record<string, Change>;

/** What was and is planned to be held of one type, in order; stretches of nothing are left out. */
export function segments(deeds: readonly Deed[], { action, amount }: Held): Segment[] {
  const own = deeds.filter((deed) => deed.type === action).map((deed) => [Date.parse(deed.time), Number(deed[amount] ?? 0)] as const);
  own.sort((a, b) => a[0] - b[0]);
  return own.map(([from, held], i) => ({ from, to: own[i + 1]?.[0] ?? Infinity, amount: held })).filter((s) => s.amount !== 0 && s.to > s.from);
}

export const heldAt = (of: readonly Segment[], t: number): Segment | undefined => of.find((s) => s.from <= t && t < s.to);

/** The change that changes nothing yet: what is held goes on as planned; what is not is begun soon. */
export function unchanged(of: readonly Segment[], now: number, soon: number, typical: number): Change {
  const held = heldAt(of, now);
  if (!held) return { amount: typical, start: soon, stop: null };
  return { amount: held.amount, start: soon, stop: Number.isFinite(held.to) ? held.to : null };
}

/** As it is drawn: what was planned until the change, then what is meant. */
export function changed(of: readonly Segment[], change: Change): Segment[] {
  const before = of.filter((s) => s.from < change.start).map((s) => ({ ...s, to: Math.min(s.to, change.start) }));
  const last = before.at(-1);
  const after = { from: change.start, to: change.stop ?? Infinity, amount: change.amount };
  if (change.amount === 0 || after.to <= after.from) return before;
  return last && last.to === change.start && last.amount === change.amount ? [...before.slice(0, -1), { ...last, to: after.to }] : [...before, after];
}

/** The actions that a change comes to; none where it changes nothing. What is planned of the type until its end gives way. */
export function stepsOf(kind: Kind, { action, amount }: Held, of: readonly Segment[], change: Change): Step[] {
  const schema = kind.actions.find((a) => a.title === action);
  if (!schema) return [];
  const step = (at: number, held: number): Step => {
    const made = newStep(schema, at);
    return { ...made, fields: { ...made.fields, [amount]: held } };
  };
  const goesOn = heldAt(of, change.start);
  const stop = change.stop ?? Infinity;
  if (change.amount === 0 || stop <= change.start) return goesOn ? [step(change.start, 0)] : [];
  const out = goesOn?.amount === change.amount ? [] : [step(change.start, change.amount)];
  const planned = of.flatMap((s) => [s.from, s.to]).filter((at) => at > change.start && at < stop);
  for (const at of new Set(planned)) if (Number.isFinite(at)) out.push(step(at + MINUTE, change.amount));
  if (Number.isFinite(stop) && !(goesOn && stop === goesOn.to)) out.push(step(stop, 0));
  return out;
}
