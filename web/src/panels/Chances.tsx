/** What is said for some months from now: medians with bands, and how likely each target and the event are. */
import { useQueries } from "@tanstack/react-query";
import { post } from "../api/http";
import { isCourse, type Comparison, type Course, type Kind, type OutlookPanel, type Recommendation, type Twin } from "../api/types";
import { Field } from "../design/parts";
import { DAY, HOUR } from "../lib/time";
import { number, percent, pretty } from "../lib/units";
import { PLANNED, sent, type Step } from "../pages/whatif/plan";
import { t } from "../texts";
import type { Wanted } from "./Outlook";

const PLANNED_AGAIN = "nothing changed"; // a goal wants a candidate
export const MONTH = 365.25 * (DAY / 12);

interface Props {
  twin: Twin;
  kind: Kind;
  panel: OutlookPanel;
  comparison: Comparison;
  steps: readonly Step[];
  meant: string;
  targets: readonly Wanted[];
  onTargets: (quantity: string, high: number) => void;
}

export function Chances({ twin, kind, panel, comparison, steps, meant, targets, onTargets }: Props) {
  const judged = useJudged(twin, panel, targets, steps, meant);
  const options = steps.length > 0 ? ([[PLANNED, t.months.now], [meant, t.months.meant]] as const) : ([[PLANNED, t.months.now]] as const);
  const columns = panel.months.flatMap((months, k) => options.map(([option]) => ({ months, k, option, key: `${months}${option}` })));
  const event = panel.event;
  const chance = (column: (typeof columns)[number], i: number) => judged[column.k]?.data?.options.find((one) => one.name === column.option)?.constraints[i]?.probability;
  return (
    <div className="chances">
      <div className="form-grid">
        {targets.map((target) => (
          <Field key={target.quantity} label={t.months.target(target.name)} unit={pretty(target.unit)}>
            {(ids) => <input {...ids} className="input num" type="number" step={target.step} value={Number(target.high.toFixed(2))} onChange={(e) => e.target.value !== "" && onTargets(target.quantity, Number(e.target.value))} />}
          </Field>
        ))}
      </div>
      <div className="scroll" aria-busy={judged.some((one) => one.isFetching)}>
        <table className="table">
          <thead>
            <tr>
              <td rowSpan={options.length > 1 ? 2 : 1} />
              {panel.months.map((months) => <th key={months} scope="colgroup" colSpan={options.length} className="r">{t.months.in(months)}</th>)}
            </tr>
            {options.length > 1 && <tr>{columns.map(({ key, option }) => <th key={key} scope="col" className="r small"><span className="swatch-s" style={{ background: option === PLANNED ? "var(--muted)" : "var(--c2)" }} /> {option === PLANNED ? t.months.now : t.months.meant}</th>)}</tr>}
          </thead>
          <tbody>
            {targets.map((target) => (
              <tr key={target.of}>
                <th scope="row">{t.months.median(target.name, pretty(target.unit))}</th>
                {columns.map(({ key, months, option }) => <td key={key} className="r"><At item={comparison.options[option]?.items[target.of]} months={months} /></td>)}
              </tr>
            ))}
            {targets.map((target, i) => (
              <tr key={target.quantity} className="goal-row">
                <th scope="row">{t.months.kept(target.name, `${number(target.high)} ${pretty(target.unit)}`)}</th>
                {columns.map((column) => <td key={column.key} className="r"><Chance p={chance(column, i)} needed={panel.certainty} /></td>)}
              </tr>
            ))}
            {event && (
              <tr className="goal-row">
                <th scope="row" title={`${event.meaning} (${event.source})`}>{event.name}</th>
                {columns.map((column) => (
                  <td key={column.key} className="r">
                    {free(comparison.options[column.option]?.items[event.free_of], column.months, event.months) ? <Chance p={chance(column, targets.length)} needed={panel.certainty} /> : <span className="muted small" title={kind.observables.find((o) => o.name === event.free_of)?.meaning}>{t.months.taken}</span>}
                  </td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Chance({ p, needed }: { p: number | undefined; needed: number }) {
  if (p === undefined) return <span className="muted">…</span>;
  return <b className="num" style={{ color: p >= needed ? "var(--good)" : undefined }}>{p < 0.01 ? "< 1 %" : p > 0.99 ? "> 99 %" : percent(p)}</b>;
}

/** A course's place so many months after its beginning. */
const placeOf = (course: Course, months: number) => {
  const wanted = Date.parse(course.local[0]!) + months * MONTH;
  return course.local.reduce((best, text, i) => (Math.abs(Date.parse(text) - wanted) < Math.abs(Date.parse(course.local[best]!) - wanted) ? i : best), 0);
};

function At({ item, months }: { item: unknown; months: number }) {
  if (!isCourse(item)) return <>–</>;
  const i = placeOf(item, months);
  return (
    <>
      <b className="num">{number(item.q50[i], 1)}</b>
      <div className="muted small num nowrap">{number(item.q05[i], 1)} – {number(item.q95[i], 1)}</div>
    </>
  );
}

/** Whether nothing of it was there in the months before. */
function free(item: unknown, months: number, since: number): boolean {
  if (!isCourse(item)) return false;
  return item.q95.slice(placeOf(item, Math.max(months - since, 0.1)), placeOf(item, months) + 1).every((v) => v < 0.5);
}

/** For each time, the probability of every target (and of the event's bound), of one call under the same draws. */
function useJudged(twin: Twin, panel: OutlookPanel, targets: readonly Wanted[], steps: readonly Step[], meant: string) {
  const constraints = targets.map((target) => ({ quantity: target.quantity, high: target.high, probability: panel.certainty }));
  if (panel.event) constraints.push({ quantity: panel.event.quantity, high: panel.event.high, probability: panel.certainty });
  const candidates = steps.length > 0 ? { [meant]: steps.map((step) => { const { type, ...fields } = sent(step); return { [type]: fields }; }) } : { [PLANNED_AGAIN]: [] };
  return useQueries({
    queries: panel.months.map((months) => {
      const goal = { horizon: `+${Math.round((months * MONTH) / HOUR)}h`, objective: { quantity: constraints[0]!.quantity, sense: "min" }, constraints, candidates };
      return {
        queryKey: ["twin", twin.id, "outlook", "chances", JSON.stringify(goal), twin.belief],
        queryFn: async ({ signal }: { signal: AbortSignal }) => (await post("/v1/twins/{twin_id}/recommendations", { path: { twin_id: twin.id }, body: { goal }, signal })) as unknown as Recommendation,
        retry: false,
        staleTime: 10 * 60_000,
      };
    }),
  });
}
