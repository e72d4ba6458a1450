/** One pressure-volume loop: medians and members of every option, and where the heart is now. */
import { useMemo } from "react";
import { pretty } from "../lib/units";
import { PLANNED } from "../pages/whatif/plan";
import { t } from "../texts";
import { axisOf, valueAt, type LoopsAnswer } from "./loops";

const [W, H, L, R, T, B] = [420, 300, 44, 12, 12, 40];
export const colourOf = (option: string) => (option === PLANNED ? "var(--c1)" : "var(--c2)");

export function LoopPlot({ loop, answer, share, labels }: { loop: LoopsAnswer["loops"][number]; answer: LoopsAnswer; share: number; labels: Record<string, string> }) {
  const drawn = useMemo(() => {
    const all = (name: string) => Object.values(answer.options).flatMap((o) => [...o.members[name]!.flat(), ...o.traces[name]!.q50]);
    const [ax, ay] = [axisOf(all(loop.x)), axisOf(all(loop.y), true)];
    const x = (v: number) => L + ((W - L - R) * (v - ax.low)) / (ax.high - ax.low);
    const y = (v: number) => H - B - ((H - T - B) * (v - ay.low)) / (ay.high - ay.low);
    const path = (xs: readonly number[], ys: readonly number[]) => `${xs.map((v, k) => `${k === 0 ? "M" : "L"}${x(v).toFixed(1)} ${y(ys[k]!).toFixed(1)}`).join("")}Z`;
    const options = Object.entries(answer.options).map(([name, o]) => ({ name, median: path(o.traces[loop.x]!.q50, o.traces[loop.y]!.q50), members: o.members[loop.x]!.map((xs, k) => path(xs, o.members[loop.y]![k]!)).join("") }));
    return { ax, ay, x, y, options };
  }, [answer, loop]);
  const traceOf = (name: string) => answer.traces.find((one) => one.name === name)!;
  const unit = (name: string) => pretty(traceOf(name).unit);
  const ranges = Object.entries(answer.options).map(([name, o]) => {
    const ends = (trace: string) => `${Math.min(...o.traces[trace]!.q50).toFixed(0)} – ${Math.max(...o.traces[trace]!.q50).toFixed(0)} ${unit(trace)}`;
    return `${labels[name]}: ${ends(loop.x)}, ${ends(loop.y)}`;
  });
  return (
    <figure className="loop">
      <figcaption><h3>{loop.meaning.charAt(0).toUpperCase() + loop.meaning.slice(1)}</h3></figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={t.loops.loopOf(loop.meaning, ranges[0]!, ranges.slice(1).join("; ") || t.loops.planned)}>
        {drawn.ay.marks.map((v) => <g key={v}><line x1={L} x2={W - R} y1={drawn.y(v)} y2={drawn.y(v)} stroke="var(--line)" /><text x={L - 6} y={drawn.y(v) + 4} textAnchor="end">{v}</text></g>)}
        {drawn.ax.marks.map((v) => <text key={v} x={drawn.x(v)} y={H - B + 16} textAnchor="middle">{v}</text>)}
        <text x={(L + W - R) / 2} y={H - 6} textAnchor="middle" className="axis">{t.loops.axis(t.loops.volume, unit(loop.x))}</text>
        <text x={12} y={(T + H - B) / 2} textAnchor="middle" transform={`rotate(-90 12 ${(T + H - B) / 2})`} className="axis">{t.loops.axis(t.loops.pressure, unit(loop.y))}</text>
        {drawn.options.map((o) => <path key={`${o.name}-m`} d={o.members} fill="none" stroke={colourOf(o.name)} strokeWidth="0.9" opacity="0.32" />)}
        {drawn.options.map((o) => <path key={o.name} d={o.median} fill="none" stroke={colourOf(o.name)} strokeWidth="2.6" strokeLinejoin="round" strokeDasharray={o.name === PLANNED ? undefined : "7 3"} />)}
        {Object.entries(answer.options).map(([name, o]) => <circle key={name} cx={drawn.x(valueAt(o.traces[loop.x]!.q50, share))} cy={drawn.y(valueAt(o.traces[loop.y]!.q50, share))} r="5.5" fill={colourOf(name)} stroke="var(--surface)" strokeWidth="2" />)}
      </svg>
      {drawn.options.length > 1 && <div className="loop-key small">{drawn.options.map((o) => <span key={o.name}><i style={{ borderTop: `2.6px ${o.name === PLANNED ? "solid" : "dashed"} ${colourOf(o.name)}` }} /> {labels[o.name]}</span>)}</div>}
    </figure>
  );
}
