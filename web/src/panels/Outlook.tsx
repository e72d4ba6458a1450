/** Months ahead: courses with bands under what is planned and under what one changes, targets, and their probabilities. */
import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { GitCompareArrows, RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { post } from "../api/http";
import { useMay, useTimeline } from "../api/queries";
import { isCourse, type Comparison, type OutlookPanel, type Target, type Twin } from "../api/types";
import TimeChart from "../charts/TimeChart";
import type { Panel, Series } from "../charts/model";
import { Button, Card, Fault, Loading, Notice, sentence } from "../design/parts";
import { scaleOf, soon } from "../lib/scale";
import { DAY, HOUR } from "../lib/time";
import { number, pretty, words } from "../lib/units";
import { band, line } from "../pages/twin/course";
import { newId, packed, PLANNED, sent, type Step } from "../pages/whatif/plan";
import { t } from "../texts";
import { Bars, type Row } from "./Bars";
import { changed, heldAt, segments, stepsOf, unchanged, type Change, type Changes } from "./held";
import { Chances, MONTH } from "./Chances";
import type { PanelProps } from "./registry";
import "./months.css";

const MEANT = "as changed";
const LONG_BEFORE = 366 * DAY; // what began so long before the twin may still act
const HEIGHT = 150;

export default function Outlook({ twin, kind, panel: described, zone, now }: PanelProps) {
  const panel = described as OutlookPanel;
  const may = useMay("answers:ask");
  const [changes, setChanges] = useState<Changes>({});
  const last = Math.max(...panel.months);
  const start = twin.last ? Date.parse(twin.last) : now; // where the belief ends: months count from there
  const whole = useTimeline(twin.id, new Date(Date.parse(twin.origin) - LONG_BEFORE).toISOString(), undefined);
  const first = soon(now, scaleOf(kind).step);
  const rows = useMemo(() => rowsOf(panel, kind, whole.data?.actions ?? [], changes, now, first), [panel, kind, whole.data, changes, now, first]);
  const steps = useMemo(() => rows.flatMap((row) => (row.touched ? stepsOf(kind, panel.held.find((h) => h.action === row.id)!, row.planned, row.change) : [])), [rows, kind, panel]);
  const compared = useOutlook(twin, panel, steps, last, may);
  const [targets, setTargets] = useTargets(panel, whole.data?.observations ?? []);
  const range: [number, number] = [start - (last / 2) * MONTH, start + last * MONTH];
  const [shownWindow, setWindow] = useState<[number, number] | null>(null);
  const window = shownWindow ?? range;
  const panels = useMemo(() => chartsOf(panel, kind, compared.data, targets, whole.data?.observations ?? [], steps.length > 0), [panel, kind, compared.data, targets, whole.data, steps.length]);
  const change = (id: string, to: Change | null) => setChanges((all) => (to ? { ...all, [id]: to } : Object.fromEntries(Object.entries(all).filter(([name]) => name !== id))));
  const others = panel.held.filter((h) => !rows.some((row) => row.id === h.action) && kind.actions.some((a) => a.title === h.action));
  const sources = [...panel.targets.map((target) => target.source), panel.event && `${panel.event.name.toLowerCase()}: ${panel.event.meaning}, ${panel.event.source}`].filter(Boolean).join("; ");
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.months.noBelief}</p></Card>;
  return (
    <Card
      title={panel.title}
      body={false}
      className="outlook"
      note={t.months.note(sources)}
      actions={
        steps.length > 0 && (
          <span className="row no-print">
            <Button small onClick={() => setChanges({})}><RotateCcw size={14} aria-hidden /> {t.months.reset}</Button>
            <Link className="btn small primary" href={whatIfOf(twin, panel, steps, targets, last)}><GitCompareArrows size={14} aria-hidden /> {t.months.toWhatIf}</Link>
          </span>
        )
      }
    >
      {compared.data?.warnings.map((warning) => <Notice key={warning} tone="warn">{sentence(warning)}</Notice>)}
      {compared.data ? (
        <div aria-busy={compared.isFetching} className="outlook-chart">
          <TimeChart label={panel.title} panels={panels} zone={zone} extent={[Math.min(Date.parse(twin.origin), range[0]), range[1]]} window={window} onWindow={setWindow} onSpan={() => setWindow(null)} now={now} />
          {compared.isFetching && <div className="working" role="status">{t.months.working}</div>}
        </div>
      ) : compared.error ? <Fault error={compared.error} retry={() => void compared.refetch()} /> : <Loading height={420} label={t.months.working} />}
      <div className="bars-box">
        <div className="row">
          <h3>{t.months.held}</h3>
          <span className="spring" />
          {others.length > 0 && (
            <select className="input add-step no-print" aria-label={t.months.begin} value="" onChange={(e) => e.target.value && change(e.target.value, begun(kind, panel, e.target.value, first))}>
              <option value="">{t.months.begin}</option>
              {others.map((h) => <option key={h.action} value={h.action}>{words(h.action)}</option>)}
            </select>
          )}
        </div>
        <Bars rows={rows} window={window} now={now} first={first} zone={zone} onChange={change} />
        {steps.length === 0 && <p className="muted small no-print">{t.months.nothing}</p>}
      </div>
      {compared.data && <Chances twin={twin} kind={kind} panel={panel} comparison={compared.data} steps={steps} meant={MEANT} targets={targets} onTargets={setTargets} />}
    </Card>
  );
}

function rowsOf(panel: OutlookPanel, kind: PanelProps["kind"], deeds: Parameters<typeof segments>[0], changes: Changes, now: number, first: number): Row[] {
  return panel.held.flatMap((held) => {
    const schema = kind.actions.find((a) => a.title === held.action);
    const property = schema?.properties[held.amount];
    if (!property) return [];
    const planned = segments(deeds, held);
    const given = changes[held.action];
    const ahead = planned.some((s) => s.to > now);
    if (!ahead && !given) return [];
    const base = unchanged(planned, now, first, Number(property.examples?.[0] ?? 0));
    const change = given ?? base;
    return [{ id: held.action, name: words(held.action), unit: pretty(property["x-unit"] ?? ""), held: !!heldAt(planned, now), low: property.minimum ?? -Infinity, high: property.maximum ?? Infinity, planned, drawn: given ? changed(planned, change) : planned, change, touched: !!given }];
  });
}

function begun(kind: PanelProps["kind"], panel: OutlookPanel, action: string, first: number): Change {
  const held = panel.held.find((h) => h.action === action)!;
  const typical = kind.actions.find((a) => a.title === action)?.properties[held.amount]?.examples?.[0];
  return { amount: Number(typical ?? 0), start: first, stop: null };
}

/** Courses under what is planned and what is changed, of one call under the same draws. */
function useOutlook(twin: Twin, panel: OutlookPanel, steps: readonly Step[], months: number, enabled: boolean) {
  const of = [...new Set([...panel.of, ...(panel.event ? [panel.event.free_of] : [])])];
  const body = { options: steps.length > 0 ? { [MEANT]: steps.map(sent) } : {}, hours: Math.round((months * MONTH) / HOUR), of };
  return useQuery({
    queryKey: ["twin", twin.id, "outlook", JSON.stringify(body), twin.belief],
    queryFn: async ({ signal }) => (await post("/v1/twins/{twin_id}/comparisons", { path: { twin_id: twin.id }, body, signal })) as unknown as Comparison,
    enabled: enabled && twin.belief !== null,
    retry: false,
    staleTime: 10 * 60_000,
    placeholderData: keepPreviousData,
  });
}

/** The targets as one set them; at first those of the panel, a loss counted from the last reading. */
function useTargets(panel: OutlookPanel, observations: readonly { observable: string; value: number }[]) {
  const [set, setSet] = useState<Record<string, number>>({});
  const targets = useMemo(() => panel.targets.map((target) => ({ ...target, high: set[target.quantity] ?? firstOf(target, observations) })), [panel, set, observations]);
  return [targets, (quantity: string, high: number) => setSet((all) => ({ ...all, [quantity]: high }))] as const;
}
export type Wanted = Target & { high: number };

function firstOf(target: Target, observations: readonly { observable: string; value: number }[]): number {
  if (target.high !== undefined) return target.high;
  const value = observations.filter((o) => o.observable === target.of).at(-1)?.value ?? 0;
  return Math.round((value * (1 - (target.lost ?? 0))) / target.step) * target.step;
}

function chartsOf(panel: OutlookPanel, kind: PanelProps["kind"], comparison: Comparison | undefined, targets: readonly Wanted[], observations: readonly { observable: string; value: number; time: string }[], meant: boolean): Panel[] {
  return panel.of.map((name) => {
    const declared = kind.observables.find((o) => o.name === name);
    const target = targets.find((one) => one.of === name);
    const series: Series[] = [];
    for (const [option, color, title] of [[PLANNED, meant ? "--muted" : "--forecast", t.months.now], [MEANT, "--c2", t.months.meant]] as const) {
      const item = comparison?.options[option]?.items[name];
      if (!isCourse(item)) continue;
      series.push({ id: `${name}-${option}-90`, type: "band", name: "90 %", color, strength: 0.14, data: band(item, "q05", "q95") });
      series.push({ id: `${name}-${option}-50`, type: "band", name: "", color, strength: 0.16, data: band(item, "q25", "q75") });
      series.push({ id: `${name}-${option}`, type: "line", name: title, color, dash: option === PLANNED && meant, width: 2.2, data: line(item, "q50") });
    }
    series.push({ id: `${name}-o`, type: "points", name: t.twin.observed, color: "--observed", data: observations.filter((o) => o.observable === name).map((o) => [Date.parse(o.time), o.value]) });
    return { id: name, title: target?.name ?? words(name), unit: pretty(declared?.unit ?? ""), digits: 1, height: HEIGHT, series, range: target && { high: target.high, name: number(target.high) } };
  });
}

/** The changed programme as an option on the bench, with the targets as its goal. */
function whatIfOf(twin: Twin, panel: OutlookPanel, steps: readonly Step[], targets: readonly Wanted[], months: number): string {
  const constraints = targets.map((target) => ({ quantity: target.quantity, high: target.high, probability: panel.certainty }));
  const goal = { objective: { quantity: targets[0]!.quantity, sense: "min" as const }, constraints };
  const plan = { hours: Math.round((months * MONTH) / HOUR), choices: [{ id: newId(), name: t.months.planOf, steps: [...steps] }], goal };
  return `/twins/${twin.id}/what-if?plan=${packed(plan)}`;
}
