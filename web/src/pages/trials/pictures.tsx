/** Pictures of a trial: savings, calibration, power, a forest. Drawn as SVG in the theme's colours. */
import type { ReactNode } from "react";
import { number } from "../../lib/units";
import { t } from "../../texts";
import type { Designed } from "./trial";

const W = 520;
const H = 260;
const [L, R, T, B] = [52, 14, 12, 38];

/** Round numbers that span the range. */
export function ticks(low: number, high: number, about = 5): number[] {
  const raw = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

interface Axes {
  x: (v: number) => number;
  y: (v: number) => number;
}

function Plot({ xs, ys, xName, yName, label, xDigits = -1, children }: { xs: [number, number]; ys: [number, number]; xName: string; yName: string; label: string; xDigits?: number; children: (axes: Axes) => ReactNode }) {
  const x = (v: number) => L + ((W - L - R) * (v - xs[0])) / Math.max(xs[1] - xs[0], 1e-12);
  const y = (v: number) => T + ((H - T - B) * (ys[1] - v)) / Math.max(ys[1] - ys[0], 1e-12);
  return (
    <svg viewBox={`0 0 ${W} ${H}`} className="trial-plot" role="img" aria-label={label}>
      {ticks(ys[0], ys[1]).map((v) => (
        <g key={v}>
          <line x1={L} x2={W - R} y1={y(v)} y2={y(v)} stroke="var(--line)" />
          <text x={L - 7} y={y(v) + 4} textAnchor="end">{number(v)}</text>
        </g>
      ))}
      {ticks(xs[0], xs[1]).map((v) => <text key={v} x={x(v)} y={H - B + 16} textAnchor="middle">{number(v, xDigits)}</text>)}
      <text x={(L + W - R) / 2} y={H - 4} textAnchor="middle">{xName}</text>
      <text transform={`translate(11 ${(T + H - B) / 2}) rotate(-90)`} textAnchor="middle">{yName}</text>
      {children({ x, y })}
    </svg>
  );
}

const line = (points: [number, number][], { x, y }: Axes) => points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");

export function Savings({ of, what }: { of: Designed; what: "patients" | "events" }) {
  const { point, curve } = of;
  const name = t.trials.sizes.title[what];
  const top = Math.max(...curve.map((c) => c[what]!), point.most) * 1.05;
  const right = Math.max(0.85, Math.min(1, point.high + 0.02));
  const label = t.trials.curve.label(name, point.total, number(point.correlation, 2), number(point.low, 2), number(point.high, 2), point.most, point.fewest);
  return (
    <Plot xs={[0, right]} ys={[0, top]} xName={t.trials.curve.x} yName={name} label={label}>
      {(axes) => (
        <>
          <rect className="band" x={axes.x(point.low)} width={axes.x(point.high) - axes.x(point.low)} y={axes.y(point.most)} height={Math.max(axes.y(point.fewest) - axes.y(point.most), 2)} />
          <line className="edge" x1={axes.x(point.low)} x2={axes.x(point.low)} y1={T} y2={H - B} />
          <line className="edge" x1={axes.x(point.high)} x2={axes.x(point.high)} y1={T} y2={H - B} />
          <path className="line" d={line(curve.map((c) => [c.correlation!, c[what]!]), axes)} />
          <circle className="point" cx={axes.x(point.correlation)} cy={axes.y(point.total)} r="5.5" />
        </>
      )}
    </Plot>
  );
}

export function Calibration({ deciles, slope }: { deciles: { predicted: number; observed: number }[]; slope: number }) {
  const all = deciles.flatMap((d) => [d.predicted, d.observed]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const pad = (high - low) * 0.06;
  const range: [number, number] = [low - pad, high + pad];
  return (
    <Plot xs={range} ys={range} xName={t.trials.calibration.x} yName={t.trials.calibration.y} label={t.trials.calibration.label(number(slope))}>
      {(axes) => (
        <>
          <path className="edge" d={line([[range[0], range[0]], [range[1], range[1]]], axes)} />
          {deciles.map((d, i) => <circle key={i} className="point" cx={axes.x(d.predicted)} cy={axes.y(d.observed)} r="4.5" />)}
        </>
      )}
    </Plot>
  );
}

export function Power({ of, what, wanted, total }: { of: Designed; what: "patients" | "events"; wanted: number; total: number }) {
  const xs = of.power.map((p) => p[what]!);
  const at = (name: string) => of.power.map((p): [number, number] => [p[what]!, p[name]!]);
  const low = Math.min(...of.power.flatMap((p) => [p["score and covariates"]!, p.covariates!]));
  const reached = of.sizes["score and covariates"]!.power;
  return (
    <Plot xs={[Math.min(...xs), Math.max(...xs)]} ys={[Math.floor(low * 10) / 10, 1]} xName={t.trials.sizes.title[what]} yName={t.trials.sizes.power} label={t.trials.explore.powerLabel(number(reached, 3), total)}>
      {(axes) => (
        <>
          <line className="edge" x1={L} x2={W - R} y1={axes.y(wanted)} y2={axes.y(wanted)} />
          <path className="line second" d={line(at("covariates"), axes)} />
          <path className="line" d={line(at("score and covariates"), axes)} />
          <circle className="point" cx={axes.x(total)} cy={axes.y(reached)} r="5.5" />
        </>
      )}
    </Plot>
  );
}

/** An estimate with its interval on a scale that all rows of a table share. */
export function Interval({ low, high, estimate, scale, range, label }: { low: number; high: number; estimate: number; scale: string; range: [number, number]; label: string }) {
  const on = (v: number) => (scale === "log" ? Math.log(v) : v);
  const x = (v: number) => `${Math.min(100, Math.max(0, (100 * (on(v) - range[0])) / Math.max(range[1] - range[0], 1e-12)))}%`;
  const none = scale === "log" ? 1 : 0;
  return (
    <svg className="interval" role="img" aria-label={label} width="100%" height="18">
      <line x1={x(none)} x2={x(none)} y1="0" y2="18" className="edge" />
      <line x1={x(low)} x2={x(high)} y1="9" y2="9" className="line" />
      <circle cx={x(estimate)} cy="9" r="4" className="point" />
    </svg>
  );
}

/** The scale of such rows, the null within it. */
export function rangeOf(rows: { low: number; high: number; scale: string }[]): [number, number] {
  const all = rows.flatMap(({ low, high, scale }) => (scale === "log" ? [Math.log(low), Math.log(high)] : [low, high])).concat(0);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const pad = (high - low) * 0.05;
  return [low - pad, high + pad];
}
