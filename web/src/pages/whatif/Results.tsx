/** Options side by side: their courses, how each differs from what is planned, and the quantities of each. */
import { useMemo, useState } from "react";
import type { Comparison, Course, Kind, Observation, Recommendation } from "../../api/types";
import { isCourse } from "../../api/types";
import { useSettings } from "../../app/settings";
import type { Happening, Panel, Series } from "../../charts/model";
import TimeChart from "../../charts/TimeChart";
import { Button, Card } from "../../design/parts";
import { backOf, scaleOf, spanName } from "../../lib/scale";
import { HOUR } from "../../lib/time";
import { called, number, percent, plainUnits, shown, signed, words } from "../../lib/units";
import { t } from "../../texts";
import { amount, band, detail, line, sentenceCase, timelines } from "../twin/course";
import { COLOURS } from "./colours";
import { PLANNED, type Plan } from "./plan";

interface Props {
  kind: Kind;
  plan: Plan;
  chosen: string | undefined;
  comparison: Comparison;
  ranked: Recommendation | undefined;
  observations: Observation[];
  observable: string;
  zone: string;
  now: number;
  onMove: (id: string, at: number) => void;
  busy: boolean;
}

export function Results({ kind, plan, chosen, comparison, ranked, observations, observable, zone, now, onMove, busy }: Props) {
  const { settings } = useSettings();
  const start = Date.parse(Object.values(comparison.options)[0]?.at ?? "") || now;
  const [shownFrom, setShown] = useState<[number, number] | null>(null);
  const all: [number, number] = [start - backOf(plan.hours), start + plan.hours * HOUR];
  const panels = useMemo(() => courses({ kind, plan, chosen, comparison, observations, observable, prefers: settings.glucose }), [kind, plan, chosen, comparison, observations, observable, settings.glucose]);
  const events = useMemo<Happening[]>(
    () =>
      plan.choices.flatMap((choice, i) =>
        choice.steps.map((step) => {
          const schema = kind.actions.find((a) => a.title === step.type);
          const own = choice.id === chosen;
          return { id: step.id, at: step.at, label: own ? `${words(step.type)} ${amount(step.fields, schema)}`.trim() : "", detail: `${choice.name}: ${detail({ ...step.fields, type: step.type }, schema)}`, tone: COLOURS[i % COLOURS.length], movable: own };
        }),
      ),
    [plan, chosen, kind],
  );
  return (
    <div className="stack" aria-busy={busy}>
      <Card body={false} className="whatif-chart">
        <TimeChart label={t.whatif.side} panels={panels} zone={zone} extent={[all[0] - Math.max(6 * HOUR, backOf(plan.hours) / 2), all[1]]} step={scaleOf(kind).step} window={shownFrom ?? all} onWindow={setShown} onSpan={() => setShown(null)} now={start} events={events} onMove={onMove} />
        {busy && <div className="working" role="status">{t.whatif.working}</div>}
      </Card>
      <Quantities kind={kind} plan={plan} comparison={comparison} ranked={ranked} />
    </div>
  );
}

function courses({ kind, plan, chosen, comparison, observations, observable, prefers }: Pick<Props, "kind" | "plan" | "chosen" | "comparison" | "observations" | "observable"> & { prefers: "mg/dL" | "mmol/L" }): Panel[] {
  const declared = kind.observables.find((o) => o.name === observable);
  const as = shown(declared?.unit ?? "", kind, prefers);
  const title = sentenceCase(declared?.meaning || words(observable));
  const bands: Series[] = [];
  const lines: Series[] = [];
  const apart: Series[] = [];
  const reference = comparison.options[PLANNED]?.items[observable];
  if (isCourse(reference)) {
    bands.push({ id: "p90", type: "band", name: "", color: "--muted", strength: 0.1, data: band(reference, "q05", "q95", as.factor) });
    lines.push({ id: "p", type: "line", name: t.whatif.planned, color: "--muted", dash: true, width: 1.8, data: line(reference, "q50", as.factor) });
  }
  plan.choices.forEach((choice, i) => {
    const item = comparison.options[choice.name]?.items[observable];
    const color = COLOURS[i % COLOURS.length]!;
    if (!isCourse(item)) return;
    if (choice.id === chosen) bands.push({ id: `b${choice.id}`, type: "band", name: "90 %", color, strength: 0.16, data: band(item, "q05", "q95", as.factor) });
    lines.push({ id: `l${choice.id}`, type: "line", name: choice.name, color, width: choice.id === chosen ? 2.6 : 1.8, data: line(item, "q50", as.factor) });
    const differs = comparison.differences[choice.name]?.[observable] as Course | undefined;
    if (!differs) return;
    const timed = { ...differs, local: item.local };
    if (choice.id === chosen) apart.push({ id: `db${choice.id}`, type: "band", name: "90 %", color, strength: 0.16, data: band(timed, "q05", "q95", as.factor) });
    apart.push({ id: `d${choice.id}`, type: "line", name: choice.name, color, width: choice.id === chosen ? 2.4 : 1.6, data: line(timed, "q50", as.factor) });
  });
  const points: Series = { id: "o", type: "points", name: t.twin.observed, color: "--observed", data: observations.filter((o) => o.observable === observable).map((o) => [Date.parse(o.time), o.value * as.factor]) };
  const range = timelines(kind).find((panel) => panel.of[0] === observable)?.range;
  const scaled = range && { name: range.name ?? "", low: range.low === undefined ? undefined : range.low * as.factor, high: range.high === undefined ? undefined : range.high * as.factor };
  return [
    { id: "side", title, unit: as.unit, digits: as.digits, height: 270, series: [...bands, ...lines, points], range: scaled },
    { id: "apart", title: t.whatif.difference, unit: as.unit, digits: as.digits, height: 120, series: apart, zero: true },
  ];
}

const FEW = 8;

/** "Lowest glucose ≥ 70 mg/dL". */
function limitText(plan: Plan, k: number, kind: Kind, prefers: "mg/dL" | "mmol/L"): string {
  const c = plan.goal?.constraints[k];
  if (!c) return "";
  const as = shown(kind.quantities.find((q) => q.name === c.quantity)?.unit ?? "", kind, prefers);
  const bounds = [c.low !== undefined && `≥ ${number(c.low * as.factor, as.digits)}`, c.high !== undefined && `≤ ${number(c.high * as.factor, as.digits)}`].filter(Boolean).join(", ");
  return `${called(kind, c.quantity)} ${bounds} ${as.unit}`.trim();
}

function Quantities({ kind, plan, comparison, ranked }: { kind: Kind; plan: Plan; comparison: Comparison; ranked: Recommendation | undefined }) {
  const { settings } = useSettings();
  const [all, setAll] = useState(false);
  const names = [PLANNED, ...plan.choices.map((c) => c.name).filter((name) => comparison.options[name])];
  const rows = kind.quantities.filter((quantity) => comparison.options[PLANNED]?.items[quantity.name]);
  const seen = all ? rows : rows.slice(0, FEW);
  const limits = ranked?.options[0]?.constraints ?? [];
  const of = (name: string) => ranked?.options.find((option) => option.name === name);
  return (
    <Card title={t.whatif.quantities} body={false} note={t.whatif.quantitiesNote}>
      <div className="scroll">
        <table className="table outcomes">
          <thead>
            <tr>
              <th scope="col">{t.whatif.over(spanName(plan.hours))}</th>
              {names.map((name, i) => (
                <th key={name} scope="col" className="r">
                  <span className="swatch-s" style={{ background: i === 0 ? "var(--muted)" : `var(${COLOURS[(i - 1) % COLOURS.length]})` }} /> {i === 0 ? t.whatif.planned : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {limits.map((limit, k) => (
              <tr key={`limit${k}`} className="goal-row">
                <td>{limitText(plan, k, kind, settings.glucose) || plainUnits(limit.sentence.replace(/ = .*$/, ""))} <span className="muted small">{t.whatif.asked(percent(limit.needed))}</span></td>
                {names.map((name) => {
                  const c = of(name)?.constraints[k];
                  return (
                    <td key={name} className="r">
                      {c ? <span className={`chip ${c.met ? "good" : "bad"}`} title={plainUnits(c.sentence)}>{c.met ? t.whatif.met : t.whatif.unmet} {percent(c.probability, c.probability > 0.995 ? 1 : 0)}</span> : "–"}
                    </td>
                  );
                })}
              </tr>
            ))}
            {ranked && (
              <tr className="goal-row">
                <td>{t.whatif.chance} <span className="muted small">{t.whatif.objective(called(kind, ranked.objective.quantity).replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase()), ranked.objective.sense)}</span></td>
                {names.map((name) => <td key={name} className="r">{of(name) ? percent(of(name)!.best) : "–"}</td>)}
              </tr>
            )}
            {seen.map((quantity) => {
              const as = shown(quantity.unit, kind, settings.glucose);
              return (
                <tr key={quantity.name}>
                  <td title={quantity.meaning}>{called(kind, quantity.name)} <span className="muted small">{as.unit}</span></td>
                  {names.map((name, i) => {
                    const item = comparison.options[name]?.items[quantity.name] as unknown as Course | undefined;
                    const differs = comparison.differences[name]?.[quantity.name];
                    const by = i > 0 && differs ? differs.q50[0]! * as.factor : null;
                    return (
                      <td key={name} className="r">
                        <b>{number(item?.q50[0] === undefined ? null : item.q50[0] * as.factor, as.digits)}</b>
                        {by !== null && Math.abs(by) > 1e-9 && <span className="delta"> {signed(by, as.digits)}</span>}
                        <div className="muted small">{item && `${number(item.q05[0]! * as.factor, as.digits)} – ${number(item.q95[0]! * as.factor, as.digits)}`}</div>
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {rows.length > FEW && !all && <Button small kind="quiet" className="more" onClick={() => setAll(true)}>{t.more} ({rows.length - FEW})</Button>}
    </Card>
  );
}
