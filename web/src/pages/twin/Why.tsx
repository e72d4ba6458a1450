/** Why: what a forecast quantity is made of, and what has been learned of this subject, parameter by parameter. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post, Problem } from "../../api/http";
import { asExplanation, useBelief, useMay } from "../../api/queries";
import type { Belief, Explanation, Kind, Share, Twin } from "../../api/types";
import { useSettings } from "../../app/settings";
import { Button, Card, Empty, Loaded, Loading, Notice, Segmented, sentence } from "../../design/parts";
import { dayAndClock } from "../../lib/time";
import { scaleOf, spanName } from "../../lib/scale";
import { called, number, percent, pretty, shown, signed, words } from "../../lib/units";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { sentenceCase } from "./course";
import { type Asked, FromReadings, READINGS } from "./FromReadings";
import "./why.css";

export default function Why({ twin, kind }: { twin: Twin; kind: Kind }) {
  return (
    <div className="why-page">
      <Drivers twin={twin} kind={kind} />
      <Learned twin={twin} kind={kind} />
    </div>
  );
}

function Drivers({ twin, kind }: { twin: Twin; kind: Kind }) {
  const may = useMay("answers:ask");
  const [quantity, setQuantity] = useState(kind.quantities[0]?.name ?? "");
  const paced = kind.panels.some((panel) => panel.type === "scale") ? scaleOf(kind) : { hours: [3, 6, 12], first: 3 };
  const [hours, setHours] = useState(String(paced.first));
  const [asked, setAsked] = useState<Asked | null>(null);
  const answer = useQuery({
    queryKey: ["twin", twin.id, "why", asked],
    queryFn: async ({ signal }) => asExplanation(await post("/v1/twins/{twin_id}/explanations", { path: { twin_id: twin.id }, body: asked && { ...asked, over: ["parameters", "actions"] }, signal })),
    enabled: asked !== null,
    retry: false,
    staleTime: Infinity,
  });
  if (kind.quantities.length === 0) return <Card><Empty title={t.why.noQuantity} /></Card>;
  return (
    <Card title={t.why.drivers} body={false}>
      <form className="ask row" onSubmit={(e) => { e.preventDefault(); setAsked({ quantity, hours: Number(hours) }); }}>
        <label className="unseen" htmlFor="of">{t.why.quantity}</label>
        <select id="of" className="input of" value={quantity} onChange={(e) => setQuantity(e.target.value)}>
          {kind.quantities.map((q) => <option key={q.name} value={q.name}>{called(kind, q.name)}</option>)}
        </select>
        <Segmented label={t.why.over} value={hours} options={paced.hours.map((h) => [String(h), spanName(h)] as const)} onChange={setHours} />
        <Button type="submit" kind="primary" disabled={!may || twin.belief === null || answer.isFetching}>{t.why.ask}</Button>
      </form>
      {answer.isFetching ? (
        <div className="body"><Loading height={260} label={t.why.working} /><p className="small muted" role="status">{t.why.working}</p></div>
      ) : answer.error instanceof Problem ? (
        <div className="body"><Notice tone="bad">{sentence(answer.error.detail)} {sentence(answer.error.fix)}</Notice></div>
      ) : answer.data ? (
        <Explained answer={answer.data} kind={kind} twin={twin} asked={asked} />
      ) : (
        <Empty title={t.why.empty}><p>{t.why.emptyText}</p></Empty>
      )}
    </Card>
  );
}

function Explained({ answer, kind, twin, asked }: { answer: Explanation; kind: Kind; twin: Twin; asked: Asked | null }) {
  const { settings } = useSettings();
  const zone = useZone(twin.zone);
  const as = shown(answer.unit, kind, settings.glucose);
  const groups = Object.values(answer.breakdowns);
  const [over, setOver] = useState(groups[0]?.over ?? "");
  const group = over === READINGS ? undefined : (groups.find((g) => g.over === over) ?? groups[0]);
  const choices = [...groups.map((g) => [g.over, words(g.over)] as const), [READINGS, t.why.readings] as const];
  return (
    <div className="stack body">
      <p className="answer">
        {called(kind, answer.quantity)}, {dayAndClock(Date.parse(answer.window[0]), zone)} – {dayAndClock(Date.parse(answer.window[1]), zone)}: <b className="num">{number((answer.answer ?? NaN) * as.factor, as.digits)}</b> {as.unit} <span className="muted num">({number(answer.band[0] * as.factor, as.digits)} – {number(answer.band[1] * as.factor, as.digits)})</span>
      </p>
      <Segmented label={t.why.over_} value={group?.over ?? READINGS} options={choices} onChange={setOver} />
      {group && <Group group={group} kind={kind} as={as} />}
      {!group && asked && <FromReadings key={JSON.stringify(asked)} twin={twin} asked={asked} show={(g) => <Group group={g} kind={kind} as={as} />} />}
      <div className="stack">
        {answer.notes.map((note) => <Notice key={note}>{note}</Notice>)}
      </div>
    </div>
  );
}

function Group({ group, kind, as }: { group: Explanation["breakdowns"][string]; kind: Kind; as: ReturnType<typeof shown> }) {
  return (
    <>
      <p className="small muted">{t.why.from(number(group.reference * as.factor, as.digits), number(group.answer * as.factor, as.digits), as.unit)} {sentence(group.meaning)}</p>
      <Shares shares={group.shares} kind={kind} factor={as.factor} unit={as.unit} />
      <p className="small muted">{t.why.how} {sentence(group.how)}</p>
    </>
  );
}

const FEW = 10;

function Shares({ shares, kind, factor, unit }: { shares: Share[]; kind: Kind; factor: number; unit: string }) {
  const most = Math.max(...shares.map((s) => Math.abs(s.share) + s.error), 1e-12);
  const seen = shares.slice(0, FEW);
  const rest = shares.slice(FEW).reduce((sum, s) => sum + s.share, 0);
  const x = (v: number) => 50 + (48 * v) / most;
  return (
    <table className="table shares">
      <thead>
        <tr><th scope="col">{t.why.cause}</th><th scope="col">{t.why.lowers} ← → {t.why.raises}</th><th scope="col" className="r">{t.why.share} {unit && `(${unit})`}</th></tr>
      </thead>
      <tbody>
        {seen.map((s) => {
          const parameter = kind.parameters.find((p) => p.name === s.name);
          return (
            <tr key={s.name}>
              <td><span title={s.meaning}>{sentenceCase(parameter?.meaning || s.meaning || s.name)}</span> {s.meaning && !parameter && s.name !== s.meaning && <span className="muted small">{s.name}</span>}</td>
              <td>
                <svg width="100%" height="18" preserveAspectRatio="none" role="img" aria-label={`${signed(s.share * factor)} ± ${number(s.error * factor)} ${unit}`}>
                  <line x1="50%" x2="50%" y1="0" y2="18" stroke="var(--line-strong)" />
                  <rect x={`${Math.min(50, x(s.share))}%`} width={`${Math.abs(x(s.share) - 50)}%`} y="4" height="10" rx="2" fill={s.share < 0 ? "var(--c1)" : "var(--c2)"} opacity="0.8" />
                  <line x1={`${x(s.share - s.error)}%`} x2={`${x(s.share + s.error)}%`} y1="9" y2="9" stroke="var(--text)" strokeWidth="1.4" />
                </svg>
              </td>
              <td className="r nowrap">{signed(s.share * factor)} <span className="muted small">± {number(s.error * factor)}</span></td>
            </tr>
          );
        })}
        {shares.length > FEW && <tr><td className="muted">{t.why.others(shares.length - FEW)}</td><td /><td className="r">{signed(rest * factor)}</td></tr>}
      </tbody>
    </table>
  );
}

function Learned({ twin, kind }: { twin: Twin; kind: Kind }) {
  const belief = useBelief(twin.id, twin.belief !== null);
  if (twin.belief === null) return <Card title={t.why.learned}><Empty title={t.why.nothing}><p>{t.twin.noForecastText}</p></Empty></Card>;
  return (
    <Card title={t.why.learned} body={false} note={t.why.learnedNote}>
      <Loaded query={belief} height={400}>
        {(b) => <Parameters belief={b} kind={kind} />}
      </Loaded>
    </Card>
  );
}

function Parameters({ belief, kind }: { belief: Belief; kind: Kind }) {
  const rows = [...belief.parameters].sort((a, b) => b.learned - a.learned);
  return (
    <>
      <p className="body small">{belief.basis.sentence}</p>
      {belief.warnings.map((warning) => <div key={warning} className="body"><Notice tone="warn">{warning}</Notice></div>)}
      <ul className="gauges">
        {rows.map((p) => {
          const declared = kind.parameters.find((k) => k.name === p.name);
          return (
            <li key={p.name} title={declared && `${t.why.source}: ${declared.source}`}>
              <span className="name">{sentenceCase(p.meaning || p.name)}</span>
              <span className="num small value">{number(p.q50)} <span className="muted">({number(p.q05)} – {number(p.q95)}) {pretty(p.unit)}</span></span>
              <span className="bar" role="img" aria-label={t.why.gauge(percent(p.learned))}><i style={{ width: percent(Math.max(p.learned, 0.005), 1).replace(" ", "") }} /></span>
              <span className="num small strong">{percent(p.learned)}</span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
