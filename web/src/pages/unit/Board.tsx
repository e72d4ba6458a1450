/** A board's table: each patient with risk, band, trend, what was measured, the alarm's state, and why. */
import { Link } from "wouter";
import { useKind } from "../../api/queries";
import type { OnBoard } from "../../api/types";
import { Chip, plainName, Severity, Synthetic } from "../../design/parts";
import { ago, plain } from "../../lib/time";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { RiskMark } from "./RiskMark";
import { Signs, type Reasons } from "./Signs";
import "./unit.css";

/** here: the twin on whose page it stands. */
export function Board({ items, now, here }: { items: OnBoard[]; now: number; here?: string }) {
  const high = Math.max(0.02, ...items.map((line) => line.risk?.q95 ?? 0));
  return (
    <div className="scroll">
      <table className="table unit-board">
        <thead>
          <tr>
            <th scope="col">{t.unit.bed}</th><th scope="col">{t.unit.patient}</th><th scope="col">{t.unit.risk}</th>
            <th scope="col">{t.unit.signs}</th><th scope="col">{t.unit.alarm}</th><th scope="col">{t.unit.why}</th><th scope="col" className="r">{t.unit.last}</th>
          </tr>
        </thead>
        <tbody>{items.map((line) => <Line key={line.id} line={line} high={high} now={now} here={line.id === here} />)}</tbody>
      </table>
    </div>
  );
}

function Line({ line, high, now, here }: { line: OnBoard; high: number; now: number; here: boolean }) {
  const kind = useKind(line.kind).data;
  const zone = useZone(line.zone);
  const worst = line.alerts.find((a) => a.state === "open") ?? line.alerts[0];
  return (
    <tr data-here={here || undefined} data-severity={worst?.state === "open" ? worst.severity : undefined}>
      <td className="num strong">{line.bed || "–"}</td>
      <td className="subject">
        {here ? <b aria-current="true">{plainName(line.subject)}</b> : <Link href={`/twins/${line.id}`} className="strong">{plainName(line.subject)}</Link>} {line.synthetic && <Synthetic />}
      </td>
      <td className="risk-cell" title={line.risk ? line.risk.meaning : undefined}>
        {line.risk ? <RiskMark risk={line.risk} high={high} /> : <span className="muted">{t.unit.noRisk}</span>}
      </td>
      <td><Signs reasons={line.reasons as Reasons} kind={kind} /></td>
      <td>
        {worst ? (
          <Link href={`/alerts/${worst.id}`} className="alarm">
            <Severity of={worst.severity} /> <Chip>{t.unit.alarmStates[worst.state as keyof typeof t.unit.alarmStates] ?? worst.state}</Chip>
          </Link>
        ) : <span className="muted">{t.unit.alarmNone}</span>}
      </td>
      <td className="why">{plain(line.why, zone)}</td>
      <td className="r muted num nowrap">{line.last ? ago(Date.parse(line.last.time), now) : t.home.never}</td>
    </tr>
  );
}
