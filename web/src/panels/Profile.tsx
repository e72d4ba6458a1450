/** The ambulatory glucose profile of the last fortnight, and time in ranges beside their targets. */
import { useMemo } from "react";
import { useTimeline } from "../api/queries";
import { useSettings } from "../app/settings";
import { Card, Empty, Loaded } from "../design/parts";
import { DAY } from "../lib/time";
import { number, percent, shown } from "../lib/units";
import { t } from "../texts";
import { profile, shares, type Bin } from "./profile";
import type { PanelProps } from "./registry";
import "./panels.css";

const DAYS = 14;
const W = 560;
const H = 250;
const [L, R, T, B] = [40, 8, 8, 24];

export default function Profile({ twin, kind, panel, zone, now }: PanelProps) {
  const { settings } = useSettings();
  const last = twin.last ? Math.min(Date.parse(twin.last), now) : now;
  const since = new Date(Math.floor((last - DAYS * DAY) / DAY) * DAY).toISOString();
  const timeline = useTimeline(twin.id, since, undefined);
  const as = shown(panel.unit, kind, settings.glucose);
  const readings = useMemo(() => (timeline.data?.observations ?? []).filter((o) => o.observable === panel.of[0]).map((o) => [Date.parse(o.time), o.value] as const), [timeline.data, panel]);
  const bins = useMemo(() => profile(readings, zone), [readings, zone]);
  const days = readings.length > 0 ? (readings.at(-1)![0] - readings[0]![0]) / DAY : 0;
  return (
    <Card title={panel.title} body={false} actions={<span className="small muted num">{t.panels.days(number(days, 1), readings.length)}</span>} note={panel.range?.source && t.panels.source(panel.range.source)}>
      <Loaded query={timeline} height={H}>
        {() => (bins.length < 12 ? <Empty title={t.panels.few} /> : (
          <div className="profile">
            <Ranges panel={panel} values={readings.map((r) => r[1])} as={as} />
            <Picture bins={bins} panel={panel} as={as} />
          </div>
        ))}
      </Loaded>
    </Card>
  );
}

interface As {
  unit: string;
  factor: number;
  digits: number;
}

function Picture({ bins, panel, as }: { bins: Bin[]; panel: PanelProps["panel"]; as: As }) {
  const range = panel.range ?? {};
  const high = Math.max(...bins.map((b) => b.q[4]), range.very_high ?? 0) * 1.04;
  const low = Math.min(...bins.map((b) => b.q[0]), range.very_low ?? Infinity) * 0.9;
  const x = (hour: number) => L + ((W - L - R) * hour) / 24;
  const y = (v: number) => T + ((H - T - B) * (high - v)) / (high - low);
  const path = (i: number) => bins.map((b, k) => `${k === 0 ? "M" : "L"}${x(b.hour).toFixed(1)} ${y(b.q[i]!).toFixed(1)}`).join("");
  const area = (a: number, b: number) => `${path(b)}${[...bins].reverse().map((bin) => `L${x(bin.hour).toFixed(1)} ${y(bin.q[a]!).toFixed(1)}`).join("")}Z`;
  const edges = [range.low, range.high, range.very_low, range.very_high].filter((v) => v !== undefined);
  const apart = edges.filter((v, i) => edges.slice(0, i).every((other) => Math.abs(y(other) - y(v)) > 13)); // labels that have room
  return (
    <svg viewBox={`0 0 ${W} ${H}`} className="profile-plot" role="img" aria-label={t.panels.profile(number(Math.min(...bins.map((b) => b.q[2])) * as.factor, as.digits), number(Math.max(...bins.map((b) => b.q[2])) * as.factor, as.digits), as.unit)}>
      {range.low !== undefined && range.high !== undefined && <rect x={L} width={W - L - R} y={y(range.high)} height={y(range.low) - y(range.high)} fill="var(--range)" />}
      {edges.map((v) => (
        <g key={v}>
          <line x1={L} x2={W - R} y1={y(v)} y2={y(v)} stroke="var(--line)" strokeDasharray={v === range.low || v === range.high ? undefined : "3 3"} />
          {apart.includes(v) && <text x={L - 6} y={y(v) + 4} textAnchor="end">{number(v * as.factor, as.digits)}</text>}
        </g>
      ))}
      {[0, 4, 8, 12, 16, 20, 24].map((hour) => (
        <text key={hour} x={x(hour)} y={H - 6} textAnchor={hour === 0 ? "start" : hour === 24 ? "end" : "middle"}>{`${String(hour % 24).padStart(2, "0")}:00`}</text>
      ))}
      <path d={area(0, 4)} fill="var(--forecast)" opacity="0.14" />
      <path d={area(1, 3)} fill="var(--forecast)" opacity="0.26" />
      <path d={path(2)} fill="none" stroke="var(--forecast)" strokeWidth="2.4" strokeLinejoin="round" />
    </svg>
  );
}

function Ranges({ panel, values, as }: { panel: PanelProps["panel"]; values: number[]; as: As }) {
  const r = panel.range;
  if (!r || r.very_low === undefined || r.low === undefined || r.high === undefined || r.very_high === undefined) return null;
  const show = (v: number) => number(v * as.factor, as.digits);
  const of = shares(values, [r.very_low, r.low, r.high + 1, r.very_high + 1]);
  const rows = [
    { name: t.panels.veryHigh, edge: `> ${show(r.very_high)}`, share: of[4]!, color: "var(--warn)", goal: "< 5 %" },
    { name: t.panels.high, edge: `> ${show(r.high)}`, share: of[3]!, color: "color-mix(in srgb, var(--warn) 55%, var(--surface))", goal: "< 25 %" },
    { name: t.panels.inRange, edge: `${show(r.low)} – ${show(r.high)}`, share: of[2]!, color: "var(--good)", goal: "> 70 %" },
    { name: t.panels.low, edge: `< ${show(r.low)}`, share: of[1]!, color: "color-mix(in srgb, var(--bad) 60%, var(--surface))", goal: "< 4 %" },
    { name: t.panels.veryLow, edge: `< ${show(r.very_low)}`, share: of[0]!, color: "var(--bad)", goal: "< 1 %" },
  ];
  return (
    <div className="ranges">
      <div className="range-bar" aria-hidden>
        {rows.map((row) => row.share > 0 && <i key={row.name} style={{ flex: row.share, background: row.color }} />)}
      </div>
      <table>
        <caption className="unseen">{t.panels.ranges}</caption>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row"><i style={{ background: row.color }} /> {row.name}<span className="muted num small">{row.edge} {as.unit}</span></th>
              <td className="num"><b>{percent(row.share, row.share < 0.1 && row.share > 0 ? 1 : 0)}</b><span className="muted small">{t.panels.goal(row.goal)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
