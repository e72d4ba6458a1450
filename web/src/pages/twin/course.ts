/** From what the server says to what a time chart shows. */
import type { Course, Deed, Forecast, Kind, Observation, Panel as Described, Schema } from "../../api/types";
import { isCourse } from "../../api/types";
import type { Settings } from "../../app/settings";
import type { BandPoint, Happening, Panel, Point, Series } from "../../charts/model";
import { number, pretty, shown, words } from "../../lib/units";
import { t } from "../../texts";

export interface Ingredients {
  kind: Kind;
  prefers: Settings["glucose"];
  observations: Observation[];
  later?: Observation[]; // came after the moment that is looked at
  forecast?: Forecast;
  fit?: Record<string, Course>;
  past?: Forecast[];
  names: string[]; // observables shown
  height: number;
}

const instants = (course: Course) => course.local.map((text) => Date.parse(text));
export const line = (course: Course, of: "q50" | "mean", factor = 1): Point[] => instants(course).map((at, i) => [at, course[of][i]! * factor]);
export const band = (course: Course, low: "q05" | "q25", high: "q95" | "q75", factor = 1): BandPoint[] =>
  instants(course).map((at, i) => [at, course[low][i]! * factor, course[high][i]! * factor]);

/** The described timelines of a kind; a kind without panels has one for each observable with a course. */
export const timelines = (kind: Kind): Described[] => kind.panels.filter((panel) => panel.type === "timeline");

/** Those with anything to show, in the kind's own order. */
export function withData(kind: Kind, observations: readonly Observation[], forecast: Forecast | undefined): string[] {
  const seen = new Set(observations.map((o) => o.observable));
  return timelines(kind)
    .map((panel) => panel.of[0]!)
    .filter((name) => seen.has(name) || isCourse(forecast?.items[name]));
}

export function panelsOf({ kind, prefers, observations, later, forecast, fit, past, names, height }: Ingredients): Panel[] {
  const seen = byName(observations);
  const after = byName(later ?? []);
  return names.map((name) => {
    const described = timelines(kind).find((panel) => panel.of[0] === name);
    const observable = kind.observables.find((o) => o.name === name);
    const as = shown(observable?.unit ?? described?.unit ?? "", kind, prefers);
    const points = (rows: Observation[] | undefined): Point[] => (rows ?? []).map((o) => [Date.parse(o.time), o.value * as.factor]);
    const said = forecast?.items[name];
    const series: Series[] = [];
    if (isCourse(said)) {
      series.push({ id: `${name}-90`, type: "band", name: t.twin.band90, color: "--forecast", strength: 0.13, data: band(said, "q05", "q95", as.factor) });
      series.push({ id: `${name}-50`, type: "band", name: t.twin.band50, color: "--forecast", strength: 0.2, data: band(said, "q25", "q75", as.factor) });
      series.push({ id: `${name}-f`, type: "line", name: t.twin.forecast, color: "--forecast", width: 2.2, data: line(said, "q50", as.factor) });
    }
    const followed = fit?.[name];
    if (followed) {
      series.push({ id: `${name}-fit90`, type: "band", name: "", color: "--believed", strength: 0.14, data: band(followed, "q05", "q95", as.factor) });
      series.push({ id: `${name}-fit`, type: "line", name: t.twin.believed, color: "--believed", width: 1.6, data: line(followed, "q50", as.factor) });
    }
    (past ?? []).forEach((one, i) => {
      const item = one.items[name];
      if (isCourse(item)) series.push({ id: `${name}-past${i}`, type: "line", name: i === 0 ? t.twin.past : "", color: "--came", dash: true, width: 1.2, data: line(item, "q50", as.factor) });
    });
    series.push({ id: `${name}-o`, type: "points", name: t.twin.observed, color: "--observed", data: points(seen.get(name)) });
    if (later) series.push({ id: `${name}-later`, type: "points", name: t.twin.came, color: "--came", hollow: true, data: points(after.get(name)) });
    const range = described?.range;
    return {
      id: name,
      title: sentenceCase(observable?.meaning || words(name)),
      unit: as.unit,
      digits: as.digits,
      height,
      series,
      range: range && { low: range.low === undefined ? undefined : range.low * as.factor, high: range.high === undefined ? undefined : range.high * as.factor, name: range.name ?? "" },
    };
  });
}

function byName(rows: readonly Observation[]): Map<string, Observation[]> {
  const out = new Map<string, Observation[]>();
  for (const row of rows) {
    const held = out.get(row.observable);
    if (held) held.push(row);
    else out.set(row.observable, [row]);
  }
  return out;
}

export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** "Meal 45 g", with everything else that was said of it in the detail. */
export function happening(deed: Deed, kind: Kind | undefined, i: number): Happening {
  const schema = kind?.actions.find((a) => a.title === deed.type);
  return { id: `${deed.type}-${deed.time}-${i}`, at: Date.parse(deed.time), label: `${words(deed.type)} ${amount(deed, schema)}`.trim(), detail: detail(deed, schema), tone: "--muted" };
}

const INTERNAL = new Set(["type", "time", "at", "known_at"]);

/** The first number of an action, which is what it is known by. */
export function amount(fields: Record<string, unknown>, schema: Schema | undefined): string {
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const value = fields[name];
    if (!INTERNAL.has(name) && typeof value === "number") return `${number(value)} ${pretty(property["x-unit"] ?? "")}`.trim();
  }
  return "";
}

export function detail(fields: Record<string, unknown>, schema: Schema | undefined): string {
  const said = Object.entries(fields)
    .filter(([name, value]) => !INTERNAL.has(name) && value !== null && value !== undefined && value !== "")
    .map(([name, value]) => {
      const unit = pretty(schema?.properties[name]?.["x-unit"] ?? "");
      return `${words(name).toLowerCase()} ${typeof value === "number" ? number(value) : String(value)}${unit ? ` ${unit}` : ""}`;
    });
  return `${words(String(fields.type ?? schema?.title ?? ""))}${said.length ? `: ${said.join(", ")}` : ""}`;
}
