/** A patient's risk: now and over the past forecasts with its bands, why, when it would be wrong, and its alarms. */
import { Link } from "wouter";
import { useAlerts, useTwinRisk, useWaveforms } from "../api/queries";
import type { TwinRisk } from "../api/types";
import { Card, Chip, Loaded, Severity } from "../design/parts";
import { dayAndClock, plain, tickLabel, ticks } from "../lib/time";
import { number } from "../lib/units";
import { percent, RiskMark } from "../pages/unit/RiskMark";
import { Because } from "./Reasons";
import "../pages/unit/unit.css";
import { t } from "../texts";
import Waveforms from "../waves/Waveforms";
import type { PanelProps } from "./registry";

export default function Risk({ twin, kind, panel, zone }: PanelProps) {
  const found = useTwinRisk(twin.id);
  const apart = kind.panels.some((one) => one.type === "reasons"); // they have a panel of their own
  const waves = useWaveforms(twin.id).data?.items.length ?? 0;
  return (
    <>
      <Card title={panel.title} body={false}>
        <Loaded query={found} height={200}>
          {(said) =>
            said.risks.length === 0 ? <p className="note muted">{t.unit.noRisk}</p> : (
              <div className="risk-panel">
                <div className="stack">
                  {said.risks.map((risk) => (
                    <div key={risk.of}>
                      <span className="small muted">{risk.meaning.split(",")[0]}, {t.unit.over(number(risk.hours))}</span>
                      <RiskMark risk={risk} high={Math.max(0.02, risk.q95 * 1.1)} />
                    </div>
                  ))}
                </div>
                <div className="stack">
                  {said.course.length > 1 && <Course said={said} zone={zone} />}
                  {!apart && <Because said={said} kind={kind} zone={zone} />}
                </div>
              </div>
            )
          }
        </Loaded>
        <Alarms twin={twin.id} zone={zone} />
      </Card>
      {waves > 0 && <Waveforms twin={twin.id} height={96} />}
    </>
  );
}

function Alarms({ twin, zone }: { twin: string; zone: string }) {
  const alerts = useAlerts("", twin).data?.items ?? [];
  return (
    <div className="note">
      <h3>{t.unit.history}</h3>
      {alerts.length === 0 ? <p>{t.unit.noHistory}</p> : (
        <ul className="alarm-history">
          {alerts.slice(0, 8).map((alert) => (
            <li key={alert.id}>
              <span className="num nowrap">{dayAndClock(Date.parse(alert.raised), zone)}</span>
              <span className="row" style={{ gap: 4 }}><Severity of={alert.severity} /> <Chip>{t.unit.alarmStates[alert.state as keyof typeof t.unit.alarmStates] ?? alert.state}</Chip></span>
              <Link href={`/alerts/${alert.id}`} className="inline clip">{plain(alert.said, zone)}</Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const W = 640, H = 150, L = 44, B = 22;

function Course({ said, zone }: { said: TwinRisk; zone: string }) {
  const points = said.course.map((p) => ({ ...p, t: Date.parse(p.at) }));
  const [from, to] = [points[0]!.t, points.at(-1)!.t];
  const high = Math.max(0.01, ...points.map((p) => p.q95)) * 1.05;
  const x = (at: number) => L + ((W - L - 8) * (at - from)) / Math.max(to - from, 1);
  const y = (v: number) => H - B - ((H - B - 8) * v) / high;
  const area = (low: "q05" | "q25", top: "q95" | "q75") => `M${points.map((p) => `${x(p.t).toFixed(1)} ${y(p[top]).toFixed(1)}`).join("L")}L${[...points].reverse().map((p) => `${x(p.t).toFixed(1)} ${y(p[low]).toFixed(1)}`).join("L")}Z`;
  const last = points.at(-1)!;
  return (
    <figure>
      <figcaption className="small muted">{t.unit.course(points.length)}</figcaption>
      <svg className="risk-course" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${t.unit.course(points.length)}: ${percent(points[0]!.q50)} – ${percent(last.q50)}`}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line x1={L} x2={W - 8} y1={y((share * high) / 1.05)} y2={y((share * high) / 1.05)} stroke="var(--line)" />
            <text x={L - 6} y={y((share * high) / 1.05) + 4} textAnchor="end">{percent((share * high) / 1.05).replace("< 0.1", "0")}</text>
          </g>
        ))}
        {ticks(from, to, zone, 6).map((at) => <text key={at} x={x(at)} y={H - 5} textAnchor="middle">{tickLabel(at, zone, to - from)}</text>)}
        <path d={area("q05", "q95")} fill="var(--forecast)" opacity="0.16" />
        <path d={area("q25", "q75")} fill="var(--forecast)" opacity="0.28" />
        <path d={`M${points.map((p) => `${x(p.t).toFixed(1)} ${y(p.q50).toFixed(1)}`).join("L")}`} fill="none" stroke="var(--forecast)" strokeWidth="1.8" />
        <circle cx={x(last.t)} cy={y(last.q50)} r="3" fill="var(--forecast)" />
      </svg>
    </figure>
  );
}
