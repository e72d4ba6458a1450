/** The 17 segments of the left ventricle as a bull's eye: when the muscle there is reached, and how sure that is. */
import { number } from "../lib/units";
import { t } from "../texts";
import type { BeatOf } from "./loops";

const SIX = ["anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral"];
const FOUR = ["anterior", "septal", "inferior", "lateral"];
const C = 100; // middle

interface Part { name: string; inner: number; outer: number; from: number; to: number }
/** Front above, septum on the left: turned against the clock from the front. */
const PARTS: Part[] = [
  ...SIX.map((name, k) => ({ name: `basal ${name}`, inner: 72, outer: 98, from: 60 + 60 * k, to: 120 + 60 * k })),
  ...SIX.map((name, k) => ({ name: `mid ${name}`, inner: 46, outer: 72, from: 60 + 60 * k, to: 120 + 60 * k })),
  ...FOUR.map((name, k) => ({ name: `apical ${name}`, inner: 20, outer: 46, from: 45 + 90 * k, to: 135 + 90 * k })),
];

const NAMES = [...PARTS.map((p) => p.name), "apex"];
export type Shade = "arrival" | "spread";


const told = (beat: BeatOf, name: string) => beat.numbers[`arrival ${name}`] ?? { q05: 0, q50: 0, q95: 0 };
const VALUE: Record<Shade, (beat: BeatOf, name: string) => number> = {
  arrival: (beat, name) => told(beat, name).q50,
  spread: (beat, name) => (told(beat, name).q95 - told(beat, name).q05) / 2,
};

/** Least and most of all that is drawn side by side: one scale, so that the same shade is the same time. */
export function scaleOf(beats: readonly BeatOf[], by: Shade): [number, number] {
  const every = beats.flatMap((beat) => NAMES.map((name) => VALUE[by](beat, name)));
  return [Math.min(...every), Math.max(...every)];
}

export function Bullseye({ beat, option, shade: by, scale: [low, high] }: { beat: BeatOf; option: string; shade: Shade; scale: [number, number] }) {
  const at = (name: string) => VALUE.arrival(beat, name);
  const half = (name: string) => VALUE.spread(beat, name);
  const ranked = (value: (name: string) => number) => [...NAMES].sort((a, b) => value(a) - value(b));
  const [early, sure] = [ranked(at), ranked(half)];
  const shade = (name: string) => (VALUE[by](beat, name) - low) / Math.max(high - low, 1e-9);
  // at most half of the hue, so that the text's own colour reads on all of it, in every theme
  const fill = (name: string) => `color-mix(in oklab, var(${by === "arrival" ? "--c1" : "--c4"}) ${Math.round(5 + 45 * shade(name))}%, var(--surface))`;
  const said = (name: string) => `${name} ${number(at(name), 0)} ms`;
  const title = (name: string) => <title>{t.ecg.segment(name, number(at(name), 0), number(told(beat, name).q05, 0), number(told(beat, name).q95, 0))}</title>;
  const numbers = (name: string, x: number, y: number) => (
    <>
      <text x={x} y={y}>{number(at(name), 0)}</text>
      <text x={x} y={y + 9} className="half">±{number(half(name), 0)}</text>
    </>
  );
  return (
    <figure className="ecg-eye">
      <figcaption className="small">{t.ecg.arrivals(option)} <span className="muted">{t.ecg.ms}</span></figcaption>
      <svg viewBox="0 0 200 200" role="img" aria-label={t.ecg.bullseye(option, said(early[0]!), said(early.at(-1)!), `${sure.at(-1)!} ± ${number(half(sure.at(-1)!), 0)} ms`)}>
        {PARTS.map((p) => (
          <g key={p.name}>
            <path d={arc(p)} fill={fill(p.name)} stroke="var(--surface)" strokeWidth="1.5">{title(p.name)}</path>
            {numbers(p.name, ...place(p))}
          </g>
        ))}
        <circle cx={C} cy={C} r="20" fill={fill("apex")} stroke="var(--surface)" strokeWidth="1.5">{title("apex")}</circle>
        {numbers("apex", C, C)}
      </svg>
      <p className="small muted">{t.ecg.keys[by](number(low, 0), number(high, 0))} {t.ecg.rings}</p>
    </figure>
  );
}

function spot(radius: number, degrees: number): [number, number] {
  const a = (degrees * Math.PI) / 180;
  return [C + radius * Math.cos(a), C - radius * Math.sin(a)];
}

function arc({ inner, outer, from, to }: Part): string {
  const [a, b, c, d] = [spot(outer, from), spot(outer, to), spot(inner, to), spot(inner, from)];
  return `M${a.join(" ")}A${outer} ${outer} 0 0 0 ${b.join(" ")}L${c.join(" ")}A${inner} ${inner} 0 0 1 ${d.join(" ")}Z`;
}

function place(p: Part): [number, number] {
  return spot((p.inner + p.outer) / 2, (p.from + p.to) / 2);
}
