/** What if: options built, moved, compared under the same draws, ranked under a goal, shared, and taken into the plan. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { post, Problem } from "../../api/http";
import { useMay, useTimeline } from "../../api/queries";
import type { Comparison, Kind, Recommendation, Twin, WhatIf as Kept } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Dialog, Empty, Fault, Loading, Notice, Segmented, sentence } from "../../design/parts";
import { useNow } from "../../lib/now";
import { backOf, scaleOf, soon, spanName } from "../../lib/scale";
import { dayAndClock, HOUR } from "../../lib/time";
import { words } from "../../lib/units";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { detail, sentenceCase, timelines } from "../twin/course";
import { Choices } from "./Choices";
import { GoalForm } from "./GoalForm";
import { faultOf, goalOf, newChoice, optionsOf, packed, planOf, samePlan, sent, unpacked, type Choice, type Plan } from "./plan";
import { Questions } from "./Questions";
import { Results } from "./Results";
import { Toolbar, useOne } from "./Saved";
import "./whatif.css";

const PAUSE = 450; // ms without a change before anything is asked

export default function WhatIf({ twin, kind }: { twin: Twin; kind: Kind }) {
  if (!kind.capabilities.includes("Causal") || kind.actions.length === 0)
    return (
      <Card>
        <Empty title={t.whatif.refused}>
          <p>{t.whatif.refusedText}</p>
        </Empty>
      </Card>
    );
  return <Opened twin={twin} kind={kind} />;
}

/** The one that the address names is read first; one that is gone is said so, and the bench stands empty. */
function Opened({ twin, kind }: { twin: Twin; kind: Kind }) {
  const [named] = useState(() => new URLSearchParams(location.search).get("saved") ?? "");
  const one = useOne(named);
  if (named && one.isPending) return <Loading height={420} />;
  return (
    <>
      {one.error && <Notice tone="bad">{reasonOf(one.error)}</Notice>}
      <Bench twin={twin} kind={kind} saved={one.data?.twin === twin.id ? one.data : undefined} />
    </>
  );
}

function Bench({ twin, kind, saved }: { twin: Twin; kind: Kind; saved: Kept | undefined }) {
  const zone = useZone(twin.zone);
  const now = useNow(60_000);
  const may = useMay("answers:ask");
  const mayPlan = useMay("records:write");
  const [opened, setOpened] = useState(saved);
  const [plan, setPlan] = usePlan(twin, kind, now, opened);
  const [chosen, setChosen] = useState<string | undefined>(plan.choices[0]?.id);
  const inHand = plan.choices.find((c) => c.id === chosen) ?? plan.choices[0];
  const courses = timelines(kind).map((panel) => panel.of[0]!);
  const [observable, setObservable] = useState(courses[0] ?? kind.observables[0]?.name ?? "");
  const scale = scaleOf(kind);
  const [accepting, setAccepting] = useState<Choice | null>(null);
  const settled = useSettled(plan, PAUSE);
  const compared = useCompared(twin, settled, observable, kind, may);
  const ranked = useRanked(twin, settled, may && compared.isSuccess && !compared.isFetching);
  const since = useMemo(() => new Date(Math.floor((now - 8 * HOUR - 1.5 * backOf(plan.hours)) / HOUR) * HOUR).toISOString(), [now, plan.hours]);
  const timeline = useTimeline(twin.id, since, undefined);
  const problem = compared.error instanceof Problem ? compared.error : null;
  const fault = problem && problem.status === 422 ? { ...faultOf(problem.detail, problem.where, plan), said: `${problem.detail}${problem.fix ? `: ${problem.fix}` : ""}` } : null;
  const move = useCallback((id: string, at: number) => setPlan((p) => ({ ...p, choices: p.choices.map((c) => ({ ...c, steps: c.steps.map((s) => (s.id === id ? { ...s, at } : s)) })) })), [setPlan]);
  const use = (choice: Choice) => {
    setPlan((p) => ({ ...p, choices: [...p.choices.slice(0, 3), choice] }));
    setChosen(choice.id);
  };
  return (
    <>
      <div className="whatif">
        <div className="stack whatif-side">
          <Toolbar twin={twin} plan={plan} opened={opened} onLeft={() => setOpened(undefined)} onOpen={(one, next) => (setOpened(one), setPlan(() => next), setChosen(next.choices[0]?.id))} />
          <Choices kind={kind} plan={plan} onPlan={(next) => setPlan(() => next)} chosen={inHand?.id} onChoose={setChosen} zone={zone} now={now} fault={fault} onAccept={mayPlan ? setAccepting : undefined} best={ranked.data?.best} />
          <Card title={t.whatif.goal}>
            <GoalForm kind={kind} goal={plan.goal} onGoal={(goal) => setPlan((p) => ({ ...p, goal }))} />
            {ranked.error instanceof Problem && <Notice tone="bad">{sentence(ranked.error.detail)} {sentence(ranked.error.fix)}</Notice>}
          </Card>
        </div>
        <div className="stack">
          <div className="row">
            <Segmented label={t.whatif.hours} value={String(plan.hours)} options={scale.hours.map((h) => [String(h), spanName(h)] as const)} onChange={(h) => setPlan((p) => ({ ...p, hours: Number(h) }))} />
            {courses.length > 1 && (
              <select className="input of" aria-label={t.whatif.of} value={observable} onChange={(e) => setObservable(e.target.value)}>
                {courses.map((name) => (
                  <option key={name} value={name}>
                    {sentenceCase(kind.observables.find((o) => o.name === name)?.meaning || words(name))}
                  </option>
                ))}
              </select>
            )}
            <span className="spring" />
            <span className="muted small">{t.whatif.dragHint}</span>
          </div>
          {problem && !fault?.choice && <Notice tone="bad">{sentence(problem.detail)} {sentence(problem.fix)}</Notice>}
          {compared.data ? (
            <>
              {distinct(compared.data.warnings, Object.keys(compared.data.options)).map((warning) => <Notice key={warning} tone="warn">{warning}</Notice>)}
              <Results kind={kind} plan={plan} chosen={inHand?.id} comparison={compared.data} ranked={ranked.data} observations={timeline.data?.observations ?? []} observable={observable} zone={zone} now={now} onMove={move} busy={compared.isFetching || settled !== plan} />
            </>
          ) : problem ? null : compared.error ? <Fault error={compared.error} retry={() => void compared.refetch()} /> : <Loading height={420} label={t.whatif.working} />}
          <Questions twin={twin} kind={kind} zone={zone} now={now} onUse={use} onAccept={mayPlan ? setAccepting : undefined} />
        </div>
      </div>
      {accepting && <Accept twin={twin} kind={kind} choice={accepting} zone={zone} onClose={() => setAccepting(null)} />}
    </>
  );
}

/** The plan in the address, else the saved one, else one with the kind's first action; the address follows every change. */
function usePlan(twin: Twin, kind: Kind, now: number, opened: Kept | undefined) {
  const [plan, setPlan] = useState<Plan>(() => {
    const told = new URLSearchParams(location.search).get("plan");
    const given = told ? unpacked(told) : opened ? planOf(opened, now) : null;
    return given ?? { hours: scaleOf(kind).first, choices: [newChoice(kind, soon(now, scaleOf(kind).step), [])], goal: goalOf(kind) };
  });
  const search = new URLSearchParams();
  if (opened) search.set("saved", opened.id);
  if (!opened || !samePlan(plan, planOf(opened, now))) search.set("plan", packed(plan));
  const text = search.toString();
  useEffect(() => {
    history.replaceState(history.state, "", `/twins/${twin.id}/what-if?${text}`);
  }, [twin.id, text]);
  return [plan, setPlan] as const;
}

/** Warnings that hold of every option are said once. */
function distinct(warnings: readonly string[], options: readonly string[]): string[] {
  const bare = warnings.map((warning) => { const name = options.find((o) => warning.startsWith(`${o}: `)); return name ? warning.slice(name.length + 2) : warning; });
  return [...new Set(warnings.map((warning, i) => (bare.filter((b) => b === bare[i]).length >= options.length ? sentence(bare[i]!) : sentence(warning))))];
}

function useSettled<T>(value: T, pause: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}

function useCompared(twin: Twin, plan: Plan, observable: string, kind: Kind, enabled: boolean) {
  const body = { options: optionsOf(plan), hours: plan.hours, of: [observable, ...kind.quantities.slice(0, 40).map((q) => q.name)] };
  return useQuery({
    queryKey: ["twin", twin.id, "compared", JSON.stringify(body), twin.belief],
    queryFn: async ({ signal }) => (await post("/v1/twins/{twin_id}/comparisons", { path: { twin_id: twin.id }, body, signal })) as unknown as Comparison,
    enabled,
    retry: false,
    staleTime: 5 * 60_000,
    placeholderData: keepPreviousData,
  });
}

function useRanked(twin: Twin, plan: Plan, enabled: boolean) {
  const filled = Object.fromEntries(plan.choices.filter((c) => c.steps.length > 0).map((c) => [c.name, c.steps.map(({ type, ...rest }) => { const { type: _, ...fields } = sent({ type, ...rest }); return { [type]: fields }; })]));
  const goal = plan.goal && { horizon: `+${plan.hours}h`, ...plan.goal, candidates: filled };
  return useQuery({
    queryKey: ["twin", twin.id, "ranked", JSON.stringify(goal), twin.belief],
    queryFn: async ({ signal }) => (await post("/v1/twins/{twin_id}/recommendations", { path: { twin_id: twin.id }, body: { goal }, signal })) as unknown as Recommendation,
    enabled: enabled && goal !== null && Object.keys(filled).length > 0,
    retry: false,
    staleTime: 5 * 60_000,
  });
}

function Accept({ twin, kind, choice, zone, onClose }: { twin: Twin; kind: Kind; choice: Choice; zone: string; onClose: () => void }) {
  const tell = useToast();
  const client = useQueryClient();
  const put = useMutation({
    mutationFn: () => {
      const actions = choice.steps.map((step) => ({ type: step.type, time: new Date(step.at).toISOString(), fields: Object.fromEntries(Object.entries(step.fields).filter(([, v]) => v !== null && v !== "")) }));
      return post("/v1/twins/{twin_id}/records", { path: { twin_id: twin.id }, body: { source: "what if", actions } });
    },
    onSuccess: (outcome) => {
      const refused = outcome.outcomes.find((o) => o.status === "kept_aside" || o.status === "refused");
      if (refused) return tell(sentence(refused.reason ?? ""), "bad");
      tell(t.whatif.accepted);
      void client.invalidateQueries({ queryKey: ["twin", twin.id] });
      onClose();
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  return (
    <Dialog title={t.whatif.acceptTitle} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" autoFocus disabled={put.isPending} onClick={() => put.mutate()}>{t.whatif.accept}</Button></>}>
      <p>{t.whatif.acceptText}</p>
      <ul className="stack">
        {choice.steps.map((step) => (
          <li key={step.id}>
            <b className="num">{dayAndClock(step.at, zone)}</b> {detail({ ...step.fields, type: step.type }, kind.actions.find((a) => a.title === step.type))}
          </li>
        ))}
      </ul>
      <Notice tone="warn">{t.research}</Notice>
    </Dialog>
  );
}
