/** The 17 segments of the left ventricle as a bull's eye, shaded by when the muscle there is reached. */
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

export function Bullseye({ beat, option }: { beat: BeatOf; option: string }) {
  const at = (name: string) => beat.numbers[`arrival ${name}`]?.q50 ?? 0;
  const all = [...PARTS.map((p) => p.name), "apex"].map((name) => ({ name, ms: at(name) })).sort((a, b) => a.ms - b.ms);
  const [first, last] = [all[0]!, all.at(-1)!];
  const shade = (name: string) => (at(name) - first.ms) / Math.max(last.ms - first.ms, 1e-9);
  const fill = (name: string) => `color-mix(in oklab, var(--c1) ${Math.round(10 + 75 * shade(name))}%, var(--surface))`;
  const ink = (name: string) => (shade(name) > 0.55 ? "var(--surface)" : "var(--text)");
  return (
    <figure className="ecg-eye">
      <figcaption className="small">{t.ecg.arrivals(option)} <span className="muted">{t.ecg.ms}</span></figcaption>
      <svg viewBox="0 0 200 200" role="img" aria-label={t.ecg.bullseye(option, `${first.name} ${number(first.ms, 0)} ms`, `${last.name} ${number(last.ms, 0)} ms`)}>
        {PARTS.map((p) => (
          <g key={p.name}>
            <path d={arc(p)} fill={fill(p.name)} stroke="var(--surface)" strokeWidth="1.5"><title>{`${p.name}: ${number(at(p.name), 0)} ms`}</title></path>
            <text {...place(p)} fill={ink(p.name)}>{number(at(p.name), 0)}</text>
          </g>
        ))}
        <circle cx={C} cy={C} r="20" fill={fill("apex")} stroke="var(--surface)" strokeWidth="1.5"><title>{`apex: ${number(at("apex"), 0)} ms`}</title></circle>
        <text x={C} y={C + 4} fill={ink("apex")}>{number(at("apex"), 0)}</text>
      </svg>
      <p className="small muted">{t.ecg.rings}</p>
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

function place(p: Part): { x: number; y: number } {
  const [x, y] = spot((p.inner + p.outer) / 2, (p.from + p.to) / 2);
  return { x, y: y + 4 };
}
