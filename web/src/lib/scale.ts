/** The pace of a kind: how far one looks back and ahead, and by what steps one plans; a panel of type "scale" says so. */
import type { Kind } from "../api/types";
import { DAY, HOUR, MINUTE } from "./time";

export interface Scale {
  hours: readonly number[]; // ahead, to choose from
  first: number; // of them, at first
  spans: readonly number[]; // of the timeline, h
  step: number; // ms by which an action is moved
}

const USUAL: Scale = { hours: [2, 4, 8, 24], first: 4, spans: [6, 12, 24, 72, 336], step: 5 * MINUTE };

interface Described {
  hours?: number[];
  first?: number;
  spans?: number[];
  step_minutes?: number;
}

export function scaleOf(kind: Kind): Scale {
  const said = kind.panels.find((panel) => panel.type === "scale") as Described | undefined;
  return { hours: said?.hours ?? USUAL.hours, first: said?.first ?? USUAL.first, spans: said?.spans ?? USUAL.spans, step: said?.step_minutes ? said.step_minutes * MINUTE : USUAL.step };
}

/** "6 h", "14 d", "3 months". */
export function spanName(hours: number): string {
  if (hours < 48) return `${hours} h`;
  if (hours < 24 * 60) return `${Math.round(hours / 24)} d`;
  return `${Math.round(hours / 730.5)} months`;
}

/** The next round moment at which something may be planned. */
export function soon(now: number, step: number): number {
  const lead = step >= DAY ? step : 30 * MINUTE;
  return Math.ceil((now + lead) / step) * step;
}

/** How far back the timeline of a what-if begins, for so many hours ahead. */
export const backOf = (hours: number) => (hours > 72 ? 0.5 : Math.min(2 / hours, 0.5)) * hours * HOUR;
