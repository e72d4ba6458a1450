/** Numbers with units as the site prefers them. Only glucose has two: everything else is shown as the kind declares it. */
import type { Settings } from "../app/settings";
import type { Kind } from "../api/types";

/** mg/dL in one mmol/L: molar mass of glucose, 180.156 g/mol (IUPAC). */
export const GLUCOSE = 18.0156;
/** LOINC: sensor, capillary, blood, serum glucose by mass. */
const CODES = new Set(["99504-3", "2339-0", "2345-7", "41653-7", "15074-8"]);

export interface Shown {
  unit: string;
  factor: number;
  digits: number;
}

export const isGlucose = (kind: Kind | undefined) => !!kind?.observables.some((o) => CODES.has(o.code ?? ""));

/** How a number in this unit is shown, for a kind and a preference. */
export function shown(unit: string, kind: Kind | undefined, prefers: Settings["glucose"]): Shown {
  if (prefers === "mmol/L" && isGlucose(kind)) {
    if (unit === "mg/dL") return { unit: "mmol/L", factor: 1 / GLUCOSE, digits: 1 };
    if (unit === "mg.h/dL") return { unit: "mmol·h/L", factor: 1 / GLUCOSE, digits: 1 };
  }
  return { unit: pretty(unit), factor: 1, digits: unit === "mg/dL" || unit === "mg.h/dL" ? 0 : -1 };
}

/** UCUM for a reader. */
export function pretty(unit: string): string {
  if (unit === "1" || unit === "") return "";
  return unit
    .replace(/\{[^}]*1\.73_m2[^}]*\}/, "1.73 m²")
    .replace("[iU]", "IU")
    .replace("u[", "µ[")
    .replace(/\[([^\]]*)\]/g, "$1")
    .replace(/^uIU/, "µIU")
    .replace(/\{([^}]*)\}/g, "$1")
    .replace(/\.(?=[a-zA-Z])/g, "·")
    .replace(/^Cel$/, "°C")
    .replace(/^a$/, "years");
}

/** Digits that a number deserves: three significant ones, never more than it needs. */
export function number(value: number | null | undefined, digits = -1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (digits >= 0) return tidy(value.toFixed(digits));
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 10_000) return tidy(Math.round(value).toLocaleString("en-GB").replace(/,/g, "\u202f"));
  if (size >= 100) return tidy(value.toFixed(0));
  if (size >= 10) return tidy(trimmed(value.toFixed(1)));
  if (size >= 1) return tidy(trimmed(value.toFixed(2)));
  if (size >= 0.001) return tidy(trimmed(value.toPrecision(2)));
  return tidy(value.toExponential(1));
}

const trimmed = (text: string) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);
const tidy = (text: string) => (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");

export const percent = (share: number, digits = 0) => `${(100 * share).toFixed(digits)} %`;
export const signed = (value: number, digits = -1) => (value > 0 ? `+${number(value, digits)}` : number(value, digits));

/** Names in code as words: "time_in_range" reads "time in range", "OpenBeds" reads "Open beds". */
export function words(name: string): string {
  const spaced = name.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
