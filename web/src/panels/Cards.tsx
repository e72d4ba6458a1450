/** One card for each action of a type: what the observable did from half an hour before to some hours after. */
import { useMemo } from "react";
import { useTimeline } from "../api/queries";
import type { Deed } from "../api/types";
import { useSettings } from "../app/settings";
import { Card, Empty, Loaded } from "../design/parts";
import { DAY, dayAndClock, HOUR, MINUTE } from "../lib/time";
import { number, shown, signed } from "../lib/units";
import { amount, detail } from "../pages/twin/course";
import { t } from "../texts";
import type { PanelProps } from "./registry";
import "./panels.css";

const MOST = 8;
const BEFORE = 30 * MINUTE;
const W = 230;
const H = 92;

export default function Cards({ twin, kind, panel, zone, now }: PanelProps) {
  const last = twin.last ? Math.min(Date.parse(twin.last), now) : now;
  const since = new Date(Math.floor((last - 14 * DAY) / DAY) * DAY).toISOString();
  const timeline = useTimeline(twin.id, since, undefined);
  const readings = useMemo(() => (timeline.data?.observations ?? []).filter((o) => o.observable === panel.of[0]).map((o) => [Date.parse(o.time), o.value] as const), [timeline.data, panel]);
  const deeds = useMemo(() => (timeline.data?.actions ?? []).filter((deed) => deed.type === panel.action && Date.parse(deed.time) <= last).slice(-MOST).reverse(), [timeline.data, panel, last]);
  return (
    <Card title={panel.title} body={false}>
      <Loaded query={timeline} height={140}>
        {() =>
          deeds.length === 0 ? <Empty title={t.panels.noCards} /> : (
            <ul className="cards">
              {deeds.map((deed) => <One key={deed.time + JSON.stringify(deed)} deed={deed} readings={readings} panel={panel} kind={kind} zone={zone} />)}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

type One = Omit<PanelProps, "twin" | "now"> & { deed: Deed; readings: (readonly [number, number])[] };

function One({ deed, readings, panel, kind, zone }: One) {
  const { settings } = useSettings();
  const as = shown(panel.unit, kind, settings.glucose);
  const schema = kind.actions.find((a) => a.title === deed.type);
  const at = Date.parse(deed.time);
  const hours = panel.hours ?? 3;
  const seen = readings.filter(([time]) => time >= at - BEFORE && time <= at + hours * HOUR);
  const after = seen.filter(([time]) => time >= at);
  const before = seen.filter(([time]) => time <= at).at(-1)?.[1] ?? after[0]?.[1];
  const peak = after.reduce((best, p) => (p[1] > best[1] ? p : best), after[0] ?? [NaN, NaN]);
  const range = kind.panels.find((p) => p.type === "timeline" && p.of[0] === panel.of[0])?.range;
  const low = Math.min(...seen.map((p) => p[1]), range?.low ?? Infinity) * 0.95;
  const high = Math.max(...seen.map((p) => p[1]), range?.high ?? 0) * 1.03;
  const x = (time: number) => ((time - at + BEFORE) / (hours * HOUR + BEFORE)) * W;
  const y = (v: number) => 4 + ((H - 8) * (high - v)) / (high - low);
  return (
    <li className="meal" title={detail(deed, schema)}>
      <div className="row"><b>{amount(deed, schema)}</b><span className="spring" /><span className="muted small num">{dayAndClock(at, zone)}</span></div>
      {seen.length > 2 ? (
        <>
          <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={detail(deed, schema)}>
            {range?.low !== undefined && range.high !== undefined && <rect x="0" width={W} y={y(range.high)} height={y(range.low) - y(range.high)} fill="var(--range)" />}
            <line x1={x(at)} x2={x(at)} y1="0" y2={H} stroke="var(--muted)" strokeDasharray="2 3" />
            <path d={seen.map(([time, v], i) => `${i ? "L" : "M"}${x(time).toFixed(1)} ${y(v).toFixed(1)}`).join("")} fill="none" stroke="var(--observed)" strokeWidth="1.8" vectorEffect="non-scaling-stroke" />
            <circle cx={x(peak[0])} cy={y(peak[1])} r="3.2" fill="var(--accent)" />
          </svg>
          <div className="row small"><span>{t.panels.peak} <b className="num">{number(peak[1] * as.factor, as.digits)}</b> <span className="muted">{as.unit}</span></span><span className="spring" /><span className="muted num">{before !== undefined && signed((peak[1] - before) * as.factor, as.digits)} {t.panels.after(Math.round((peak[0] - at) / MINUTE))}</span></div>
        </>
      ) : <p className="muted small">{t.panels.noReadings}</p>}
    </li>
  );
}
