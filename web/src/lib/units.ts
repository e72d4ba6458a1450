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

const WHOLE: Record<string, string> = { "1": "", a: "years", mo: "months", wk: "weeks", Cel: "°C", "{score}": "points" };
const ATOMS: Record<string, string> = { "[iU]": "IU", "[degF]": "°F", "[lb_av]": "lb", "[in_i]": "in", "[ft_i]": "ft", "[pH]": "pH", "[Hg]": "Hg", "[H2O]": "H₂O", Cel: "°C" };
const ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (digits: string) => [...digits].map((d) => (d === "-" ? "⁻" : ABOVE[Number(d)])).join("");

/** UCUM for a reader: the one place that turns codes ("mm[Hg]", "10*3/uL", "mL/min/{1.73_m2}") into what is written. */
export function pretty(unit: string): string {
  const whole = WHOLE[unit];
  if (whole !== undefined) return whole;
  return unit
    .replace(/10\*(-?\d+)/g, (_, power: string) => `×10${raised(power)}`)
    .replace(/^1\//, "/")
    .replace(/\/d\b/g, "/day")
    .replace(/\/wk\b/g, "/week")
    .replace(/\/a\b/g, "/year")
    .replace(/\bu(?=[A-Za-z[])/g, "µ")
    .replace(/(\[[^\]]*\]|\bCel\b)/g, (atom) => ATOMS[atom] ?? atom.slice(1, -1).replace(/_\w+$/, ""))
    .replace(/([A-Za-zµ])(-?\d)(?![\w.])/g, (_, name: string, power: string) => name + raised(power))
    .replace(/\{([^}]*)\}/g, (_, said: string) => said.replace(/_/g, " ").replace(/m2$/, "m²"))
    .replace(/\.(?=[a-zA-Zµ])/g, "·");
}

/** A code within a sentence of the server: what holds brackets, braces or a power of ten, or is "Cel", after a space. */
const CODE = /(?<=^|[\s(])(?:[A-Za-z%/.*\d]*(?:\[[A-Za-z_'\d]+\]|\{[\w.]+\}|10\*\d+)[\w%/.*[\]{}]*|Cel|u(?:g|L|mol|m|s|V|U)(?:\/[a-zA-Z]+)?)(?=$|[\s,;:.)?])/g;
/** The server's words with its codes of units as a reader writes them. */
export const plainUnits = (text: string) => text.replace(CODE, (code) => (code.endsWith(".") ? `${pretty(code.slice(0, -1))}.` : pretty(code))).replace(/(\d) 1(?=[,;]|$)/g, "$1");

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

/** Names in code as words: "time_in_range" reads "time in range", "OpenBeds" reads "Open beds", "lv_wall" "LV wall". */
export function words(name: string): string {
  const spaced = name.replace(/_/g, " ").replace(/([a-z0-9])([A-Z])(?=[a-z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  const said = spaced.replace(/\b[lr]v\b/g, (ventricle) => ventricle.toUpperCase());
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** What an observable, quantity or parameter is called: its name as words, or what it means where a kind's names are abbreviations. */
export function called(kind: Kind | undefined, name: string): string {
  const declared = [...(kind?.quantities ?? []), ...(kind?.observables ?? []), ...(kind?.parameters ?? [])].find((one) => one.name === name);
  return declared?.meaning && kind!.panels.some((panel) => panel.type === "names") ? title(declared.meaning) : words(name);
}

/** A field's label: what it means where its name is no word (BSA), else its name. */
export const fieldName = (name: string, meaning: string | undefined) => (meaning && name.length <= 3 && name !== "age" ? title(meaning) : words(name));
const title = (meaning: string) => (([first]) => first!.charAt(0).toUpperCase() + first!.slice(1))(meaning.split(":"));
