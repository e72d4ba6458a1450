/** A unit's board: every patient of a place by risk, with band, trend, what was measured, the alarm's state, and why. */
import { BedDouble } from "lucide-react";
import { Link, useLocation, useParams } from "wouter";
import { useBoard, useKind, useOverview } from "../../api/queries";
import type { OnBoard } from "../../api/types";
import { Card, Chip, Empty, Loaded, plainName, Severity, Synthetic } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago, plainTimes } from "../../lib/time";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { RiskMark } from "./RiskMark";
import { Signs, type Reasons } from "./Signs";
import "./unit.css";

export default function Unit() {
  const { place: named } = useParams<{ place?: string }>();
  const place = named ? decodeURIComponent(named) : "";
  const [, go] = useLocation();
  const board = useBoard(place);
  const now = useNow();
  const twins = useOverview().data?.items ?? [];
  const places = [...new Set([...twins.map((twin) => twin.place), place])].filter(Boolean).sort();
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{place || t.unit.title}</h1>
          {board.data && <p className="sub num">{t.unit.sub(board.data.items.length, place || t.unit.everywhereSaid)}</p>}
        </div>
        <span className="spring" />
        <select className="input of" aria-label={t.unit.place} value={place} onChange={(e) => go(e.target.value ? `/unit/${encodeURIComponent(e.target.value)}` : "/unit")}>
          <option value="">{t.unit.everywhere}</option>
          {places.map((name) => <option key={name}>{name}</option>)}
        </select>
      </div>
      <Loaded query={board} height={320}>
        {({ items }) => {
          if (items.length === 0)
            return (
              <Card>
                <Empty title={t.unit.none} icon={<BedDouble size={26} strokeWidth={1.5} aria-hidden />}><p>{t.unit.noneText}</p></Empty>
              </Card>
            );
          const high = Math.max(0.02, ...items.map((line) => line.risk?.q95 ?? 0));
          return (
            <div className="card scroll">
              <table className="table unit-board">
                <thead>
                  <tr>
                    <th scope="col">{t.unit.bed}</th><th scope="col">{t.unit.patient}</th><th scope="col">{t.unit.risk}</th>
                    <th scope="col">{t.unit.signs}</th><th scope="col">{t.unit.alarm}</th><th scope="col">{t.unit.why}</th><th scope="col" className="r">{t.unit.last}</th>
                  </tr>
                </thead>
                <tbody>{items.map((line) => <Line key={line.id} line={line} high={high} now={now} />)}</tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

function Line({ line, high, now }: { line: OnBoard; high: number; now: number }) {
  const kind = useKind(line.kind).data;
  const zone = useZone(line.zone);
  const worst = line.alerts.find((a) => a.state === "open") ?? line.alerts[0];
  return (
    <tr data-severity={worst?.state === "open" ? worst.severity : undefined}>
      <td className="num strong">{line.bed || "–"}</td>
      <td className="subject">
        <Link href={`/twins/${line.id}`} className="strong">{plainName(line.subject)}</Link> {line.synthetic && <Synthetic />}
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
      <td className="why">{plainTimes(line.why, zone)}</td>
      <td className="r muted num nowrap">{line.last ? ago(Date.parse(line.last.time), now) : t.home.never}</td>
    </tr>
  );
}
