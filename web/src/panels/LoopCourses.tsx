/** Pressures and volumes over one beat, each with its 90 % band, and a line at the moment shown. */
import { useMemo } from "react";
import { pretty } from "../lib/units";
import { PLANNED } from "../pages/whatif/plan";
import { t } from "../texts";
import { colourOf } from "./LoopPlot";
import { axisOf, type LoopsAnswer } from "./loops";

const [W, H, L, R, T, B] = [210, 100, 30, 6, 8, 16];

export function Courses({ answer, share, labels }: { answer: LoopsAnswer; share: number; labels: Record<string, string> }) {
  return (
    <div className="loops-courses">
      {answer.traces.map((trace) => <Course key={trace.name} trace={trace} answer={answer} share={share} label={Object.values(labels).join(", ")} />)}
    </div>
  );
}

function Course({ trace, answer, share, label }: { trace: LoopsAnswer["traces"][number]; answer: LoopsAnswer; share: number; label: string }) {
  const drawn = useMemo(() => {
    const bands = Object.entries(answer.options).map(([name, o]) => ({ name, band: o.traces[trace.name]! }));
    const axis = axisOf(bands.flatMap(({ band }) => [...band.q05, ...band.q95]));
    const x = (k: number, n: number) => L + ((W - L - R) * k) / n;
    const y = (v: number) => H - B - ((H - T - B) * (v - axis.low)) / (axis.high - axis.low);
    const path = (values: readonly number[]) => [...values, values[0]!].map((v, k) => `${k === 0 ? "M" : "L"}${x(k, values.length).toFixed(1)} ${y(v).toFixed(1)}`).join("");
    const back = (values: readonly number[]) => [...values, values[0]!].map((v, k) => `L${x(k, values.length).toFixed(1)} ${y(v).toFixed(1)}`).reverse().join("");
    return { axis, y, lines: bands.map(({ name, band }) => ({ name, median: path(band.q50), area: `${path(band.q95)}${back(band.q05)}Z` })) };
  }, [answer, trace.name]);
  const at = L + (W - L - R) * share;
  const period = answer.options[PLANNED]!.period;
  const name = trace.meaning.charAt(0).toUpperCase() + trace.meaning.slice(1);
  return (
    <figure className="course">
      <figcaption className="small">{name} <span className="muted">{pretty(trace.unit)}</span></figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${t.loops.courseOf(name)}: ${label}`}>
        {[drawn.axis.low, drawn.axis.high].map((v) => <g key={v}><line x1={L} x2={W - R} y1={drawn.y(v)} y2={drawn.y(v)} stroke="var(--line)" /><text x={L - 5} y={drawn.y(v) + 4} textAnchor="end">{v}</text></g>)}
        <text x={L} y={H - 3}>0</text>
        <text x={W - R} y={H - 3} textAnchor="end">{period.toFixed(2)} {t.loops.time}</text>
        {drawn.lines.map((o) => <path key={`${o.name}-a`} d={o.area} fill={colourOf(o.name)} opacity="0.18" />)}
        {drawn.lines.map((o) => <path key={o.name} d={o.median} fill="none" stroke={colourOf(o.name)} strokeWidth="1.8" strokeDasharray={o.name === PLANNED ? undefined : "5 2.5"} />)}
        <line x1={at} x2={at} y1={T} y2={H - B} stroke="var(--text)" strokeWidth="1" />
      </svg>
    </figure>
  );
}
