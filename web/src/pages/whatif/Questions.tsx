/** Ready questions of a kind: filled in, answered by ranked options, one of which may be taken over. */
import { useMutation } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { useState } from "react";
import { post, Problem } from "../../api/http";
import type { Kind, Recommendation, Schema, Twin } from "../../api/types";
import { useSettings } from "../../app/settings";
import { Button, Card, Chip, Notice, sentence } from "../../design/parts";
import { scaleOf, soon } from "../../lib/scale";
import { dayAndClock } from "../../lib/time";
import { number, percent, plainUnits, shown, signed, words } from "../../lib/units";
import { t } from "../../texts";
import { detail } from "../twin/course";
import { SchemaFields } from "./ActionForm";
import { choiceOf } from "./choice";
import { newStep, PLANNED, type Choice, type Value } from "./plan";

interface Props {
  twin: Twin;
  kind: Kind;
  zone: string;
  now: number;
  onUse: (choice: Choice) => void;
  onAccept?: (choice: Choice) => void;
}

export function Questions(props: Props) {
  const { kind } = props;
  const [asked, setAsked] = useState<Schema | null>(null);
  if (!kind.questions?.length) return null;
  return (
    <Card title={t.whatif.ready} body={false}>
      <div className="questions">
        {kind.questions.map((question) => (
          <button key={question.title} type="button" className="question" aria-expanded={asked === question} onClick={() => setAsked(asked === question ? null : question)}>
            <Sparkles size={14} aria-hidden /> {question.description}
          </button>
        ))}
      </div>
      {asked && <Asked key={asked.title} question={asked} {...props} />}
    </Card>
  );
}

function Asked({ question, twin, kind, zone, now, onUse, onAccept }: Props & { question: Schema }) {
  const [fields, setFields] = useState<Record<string, Value>>(() => newStep(question, 0).fields);
  const ask = useMutation({
    mutationFn: async () => {
      const given = Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null && v !== ""));
      return (await post("/v1/twins/{twin_id}/decisions", { path: { twin_id: twin.id }, body: { question: question.title, fields: { at: new Date(soon(now, scaleOf(kind).step)).toISOString(), ...given } } })) as unknown as Recommendation;
    },
  });
  const problem = ask.error instanceof Problem ? ask.error : null;
  const field = problem && (/^\w+\.(\w+) /.exec(problem.detail)?.[1] ?? /\.(\w+)$/.exec(problem.where)?.[1]);
  return (
    <form
      className="asked"
      onSubmit={(e) => {
        e.preventDefault();
        ask.mutate();
      }}
    >
      <div className="form-grid">
        <SchemaFields schema={question} values={fields} onChange={setFields} faults={field && problem ? { [field]: `${problem.detail}${problem.fix ? `: ${problem.fix}` : ""}` } : {}} />
      </div>
      <div className="row">
        <Button type="submit" kind="primary" disabled={ask.isPending}>
          {ask.isPending ? t.whatif.working : t.whatif.ask}
        </Button>
        <span className="muted small">{t.whatif.askNote}</span>
      </div>
      {problem && !field && <Notice tone="bad">{sentence(problem.detail)} {sentence(problem.fix)}</Notice>}
      {ask.data && <Ranked answer={ask.data} kind={kind} twin={twin} zone={zone} onUse={onUse} onAccept={onAccept} />}
    </form>
  );
}

function Ranked({ answer, kind, twin, zone, onUse, onAccept }: { answer: Recommendation; kind: Kind; twin: Twin; zone: string; onUse: (choice: Choice) => void; onAccept?: (choice: Choice) => void }) {
  const { settings } = useSettings();
  const as = shown(answer.objective.unit, kind, settings.glucose);
  return (
    <div className="stack" role="region" aria-label={t.whatif.recommended}>
      {answer.best === null && <Notice tone="warn">{t.whatif.nobest}</Notice>}
      <ol className="ranked">
        {answer.options.map((option) => {
          const choice = choiceOf(option, twin.origin);
          return (
            <li key={option.name} data-best={option.name === answer.best}>
              <div className="row">
                <span className="strong">{words(option.name)}</span>
                {option.name === answer.best && <Chip tone="good">{t.whatif.best}</Chip>}
                {!option.feasible && <Chip tone="bad">{t.whatif.infeasible}</Chip>}
                <span className="spring" />
                <span className="num">
                  <b>{number(option.expected * as.factor, as.digits)}</b> <span className="muted">{as.unit}</span>
                  {option.name !== PLANNED && Math.abs(option.better.mean) > 1e-9 && <span className="muted small"> {t.whatif.better(signed(option.better.mean * as.factor, as.digits))}</span>}
                </span>
              </div>
              <p className="small muted">
                {choice.steps.map((step) => `${dayAndClock(step.at, zone)} ${detail({ ...step.fields, type: step.type }, kind.actions.find((a) => a.title === step.type))}`).join("; ") || t.twin.nothingPlanned}
              </p>
              <p className="small">
                {t.whatif.chanceBest(percent(option.best))} {option.constraints.map((c) => sentence(c.sentence)).join(" ")}
              </p>
              {option.name !== PLANNED && (
                <div className="row">
                  <Button small onClick={() => onUse(choice)}>{t.whatif.use}</Button>
                  {onAccept && <Button small kind={option.name === answer.best ? "primary" : ""} onClick={() => onAccept(choice)}>{t.whatif.accept}</Button>}
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <details className="small">
        <summary>{t.twin.rests}</summary>
        <ul className="notes">{answer.notes.map((note) => <li key={note}>{plainUnits(note)}</li>)}</ul>
      </details>
    </div>
  );
}
