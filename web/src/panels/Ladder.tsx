/** Which of what is taken could go, in which order, each with how likely the target is still kept, and what to watch. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { post, Problem } from "../api/http";
import { useMay } from "../api/queries";
import type { LadderPanel, Option, Recommendation } from "../api/types";
import { Button, Card, Chip, Fault, Loading, Notice, sentence } from "../design/parts";
import { scaleOf, soon } from "../lib/scale";
import { percent, plainUnits, words } from "../lib/units";
import { choiceOf } from "../pages/whatif/choice";
import { SchemaFields } from "../pages/whatif/ActionForm";
import { newStep, packed, type Value } from "../pages/whatif/plan";
import { t } from "../texts";
import { keeps, ladder } from "./ladder";
import type { PanelProps } from "./registry";
import "./months.css";

export default function Ladder({ twin, kind, panel: described, now }: PanelProps) {
  const panel = described as LadderPanel;
  const may = useMay("answers:ask");
  const question = kind.questions?.find((one) => one.title === panel.question);
  const [fields, setFields] = useState<Record<string, Value>>(() => (question ? newStep(question, 0).fields : {}));
  const [asked, setAsked] = useState<Record<string, Value>>(fields);
  const [at] = useState(() => new Date(soon(now, scaleOf(kind).step)).toISOString());
  const given = Object.fromEntries(Object.entries(asked).filter(([, v]) => v !== null && v !== ""));
  const body = { question: panel.question, fields: { at, ...given } };
  const answer = useQuery({
    queryKey: ["twin", twin.id, "ladder", JSON.stringify(body), twin.belief],
    queryFn: async ({ signal }) => (await post("/v1/twins/{twin_id}/decisions", { path: { twin_id: twin.id }, body, signal })) as unknown as Recommendation,
    enabled: may && question !== undefined && twin.belief !== null,
    retry: false,
    staleTime: 10 * 60_000,
  });
  if (!question) return null;
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.months.noBelief}</p></Card>;
  const problem = answer.error instanceof Problem ? answer.error : null;
  const field = problem && /^\w+\.(\w+) /.exec(problem.detail)?.[1];
  return (
    <Card title={panel.title} body={false} note={t.months.source}>
      <form className="ladder-form no-print" onSubmit={(e) => (e.preventDefault(), setAsked(fields))}>
        <SchemaFields schema={question} values={fields} onChange={setFields} faults={field && problem ? { [field]: `${problem.detail}${problem.fix ? `: ${problem.fix}` : ""}` } : {}} />
        <Button type="submit" disabled={answer.isFetching}>{answer.isFetching ? t.whatif.working : t.months.askLadder}</Button>
      </form>
      {answer.data ? <Steps answer={answer.data} panel={panel} twin={twin} /> : problem && field ? null : answer.error ? <Fault error={answer.error} retry={() => void answer.refetch()} /> : <div className="body"><Loading height={180} label={t.whatif.working} /></div>}
    </Card>
  );
}

function Steps({ answer, panel, twin }: { answer: Recommendation; panel: LadderPanel; twin: PanelProps["twin"] }) {
  const rungs = ladder(answer.options);
  if (rungs.length === 0) return <p className="note">{t.months.takesNone}</p>;
  const always = panel.watch?.[""];
  return (
    <>
      {!rungs[0]!.option.feasible && <div className="body"><Notice tone="warn">{t.months.none}</Notice></div>}
      <ol className="ladder" aria-label={t.months.ladder}>
        {rungs.map(({ option, adds, lowered, rivals }, i) => (
          <li key={option.name} data-feasible={option.feasible} data-step={i + 1}>
            <div className="row">
              <b>{stepName(adds, lowered)}</b>
              {!option.feasible && <Chip tone="bad">{refusedOf(option).length > 0 ? t.months.refused : t.months.misses}</Chip>}
              <span className="spring" />
              <Link className="btn small no-print" href={linkOf(option, answer, twin)}>{t.months.toWhatIf}</Link>
            </div>
            <Gauge option={option} />
            {refusedOf(option).map((reason) => <p key={reason} className="small">{sentence(reason)}</p>)}
            {panel.watch?.[adds] && option.feasible && <p className="small"><b>{t.months.watch}:</b> {panel.watch[adds]}.</p>}
            {rivals.length > 0 && (
              <details className="small">
                <summary>{t.months.others} ({rivals.length})</summary>
                <ul className="stack">
                  {rivals.map((rival) => (
                    <li key={rival.option.name}>
                      <span>{stepName(rival.adds, rival.lowered)}</span>
                      <Gauge option={rival.option} />
                      {refusedOf(rival.option).map((reason) => <span key={reason} className="muted">{sentence(reason)}</span>)}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </li>
        ))}
      </ol>
      <div className="note">
        {always && <p>{t.months.watch}: {always}.</p>}
        {answer.notes.map((note) => <p key={note}>{plainUnits(note)}</p>)}
      </div>
    </>
  );
}

const stepName = (adds: string, lowered: boolean) => (lowered ? t.months.lowerOf : t.months.stopOf)(words(adds).toLowerCase());

/** Why the kind will not have it, beside limits that are not met. */
const refusedOf = (option: Option) => option.reasons.filter((reason) => !option.constraints.some((c) => c.sentence === reason));

function Gauge({ option }: { option: Option }) {
  const needed = option.constraints[0]?.needed ?? 0;
  return (
    <div className="gauge-line">
      <span className="gauge-bar" aria-hidden><i style={{ width: `${100 * keeps(option)}%` }} /><b style={{ left: `${100 * needed}%` }} /></span>
      <span className="small num" title={option.constraints.map((c) => plainUnits(c.sentence)).join("; ")}>
        <b>{keeps(option) > 0.995 ? "> 99 %" : percent(keeps(option), percent(keeps(option)) === percent(needed) ? 1 : 0)}</b> <span className="muted">{t.months.keeps}, {t.months.asked(percent(needed))}</span>
      </span>
    </div>
  );
}

function linkOf(option: Option, answer: Recommendation, twin: PanelProps["twin"]): string {
  const [from, to] = answer.objective.window.map((text) => Date.parse(text)) as [number, number];
  return `/twins/${twin.id}/what-if?plan=${packed({ hours: Math.round((to - from) / 3.6e6), choices: [choiceOf(option, twin.origin)], goal: null })}`;
}
