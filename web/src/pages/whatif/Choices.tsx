/** The options one compares: their names, actions and times; one of them is in hand. */
import { Check, Copy, Plus, Trash2 } from "lucide-react";
import { useId, type CSSProperties } from "react";
import type { Kind } from "../../api/types";
import { Button, Notice, sentence } from "../../design/parts";
import { instant, offset, MINUTE } from "../../lib/time";
import { scaleOf, soon } from "../../lib/scale";
import { words } from "../../lib/units";
import { t } from "../../texts";
import { SchemaFields } from "./ActionForm";
import { COLOURS } from "./colours";
import { freshName, MOST, newChoice, newId, newStep, type Choice, type Plan, type Step } from "./plan";

interface Props {
  kind: Kind;
  plan: Plan;
  onPlan: (plan: Plan) => void;
  chosen: string | undefined;
  onChoose: (id: string) => void;
  zone: string;
  now: number;
  fault: { choice?: string; type?: string; field?: string; said: string } | null;
  onAccept?: (choice: Choice) => void;
  best?: string | null;
}

export function Choices({ kind, plan, onPlan, chosen, onChoose, zone, now, fault, onAccept, best }: Props) {
  const { step } = scaleOf(kind);
  const names = plan.choices.map((c) => c.name);
  const put = (choice: Choice) => onPlan({ ...plan, choices: plan.choices.map((c) => (c.id === choice.id ? choice : c)) });
  const add = (choice: Choice) => {
    onPlan({ ...plan, choices: [...plan.choices, choice] });
    onChoose(choice.id);
  };
  return (
    <div className="choices">
      {plan.choices.map((choice, i) => {
        const open = choice.id === chosen;
        return (
          <section key={choice.id} className="card choice" data-open={open} style={{ "--c": `var(${COLOURS[i % COLOURS.length]})` } as CSSProperties} aria-label={choice.name}>
            <header>
              <button type="button" className="swatch" aria-pressed={open} aria-label={`${t.whatif.inHand}: ${choice.name}`} onClick={() => onChoose(choice.id)} />
              <input className="title-input" value={choice.name} aria-label={t.whatif.name} maxLength={80} onFocus={() => onChoose(choice.id)} onChange={(e) => put({ ...choice, name: e.target.value || "–" })} onBlur={() => put({ ...choice, name: freshName(choice.name, names.filter((_, k) => k !== i)) })} />
              {best === choice.name && <span className="chip good"><Check size={12} aria-hidden /> {t.whatif.best}</span>}
              <Button small icon kind="quiet" aria-label={`${t.whatif.copy}: ${choice.name}`} title={t.whatif.copy} disabled={plan.choices.length >= MOST} onClick={() => add({ ...choice, id: newId(), name: freshName(choice.name, names), steps: choice.steps.map((s) => ({ ...s, id: newId() })) })}>
                <Copy size={14} aria-hidden />
              </Button>
              <Button small icon kind="quiet" aria-label={`${t.whatif.drop}: ${choice.name}`} title={t.whatif.drop} onClick={() => onPlan({ ...plan, choices: plan.choices.filter((c) => c.id !== choice.id) })}>
                <Trash2 size={14} aria-hidden />
              </Button>
            </header>
            {fault?.choice === choice.id && !fault.field && <Notice tone="bad">{sentence(fault.said)}</Notice>}
            {open && (
              <div className="steps-of">
                {choice.steps.map((deed) => (
                  <StepForm
                    key={deed.id}
                    kind={kind}
                    step={deed}
                    zone={zone}
                    faults={fault?.choice === choice.id && fault.type === deed.type && fault.field ? { [fault.field]: fault.said } : {}}
                    onChange={(next) => put({ ...choice, steps: choice.steps.map((s) => (s.id === deed.id ? next : s)) })}
                    onDrop={() => put({ ...choice, steps: choice.steps.filter((s) => s.id !== deed.id) })}
                  />
                ))}
                <div className="row">
                  <AddStep kind={kind} onAdd={(type) => put({ ...choice, steps: [...choice.steps, newStep(kind.actions.find((a) => a.title === type)!, soon(now, step))] })} />
                  <span className="spring" />
                  {onAccept && choice.steps.length > 0 && (
                    <Button small kind="primary" onClick={() => onAccept(choice)}>
                      {t.whatif.accept}
                    </Button>
                  )}
                </div>
              </div>
            )}
          </section>
        );
      })}
      {plan.choices.length < MOST && (
        <Button onClick={() => add(newChoice(kind, soon(now, step), names))}>
          <Plus size={15} aria-hidden /> {t.whatif.add}
        </Button>
      )}
    </div>
  );
}

function AddStep({ kind, onAdd }: { kind: Kind; onAdd: (type: string) => void }) {
  const id = useId();
  return (
    <>
      <label className="unseen" htmlFor={id}>
        {t.whatif.addStep}
      </label>
      <select id={id} className="input add-step" value="" onChange={(e) => e.target.value && onAdd(e.target.value)}>
        <option value="">{t.whatif.addStep}…</option>
        {kind.actions.map((schema) => (
          <option key={schema.title} value={schema.title}>
            {words(schema.title)}
          </option>
        ))}
      </select>
    </>
  );
}

interface StepProps {
  kind: Kind;
  step: Step;
  zone: string;
  faults: Record<string, string>;
  onChange: (step: Step) => void;
  onDrop: () => void;
}
function StepForm({ kind, step, zone, faults, onChange, onDrop }: StepProps) {
  const id = useId();
  const schema = kind.actions.find((a) => a.title === step.type);
  const wall = new Date(step.at + offset(step.at, zone) * MINUTE).toISOString().slice(0, 16);
  return (
    <fieldset className="step">
      <legend title={schema?.description}>{words(step.type)}</legend>
      <Button small icon kind="quiet" className="drop" aria-label={`${t.whatif.drop}: ${words(step.type)}`} onClick={onDrop}>
        <Trash2 size={13} aria-hidden />
      </Button>
      <div className="field when">
        <label htmlFor={id}>{t.whatif.at}</label>
        <input id={id} className="input num" type="datetime-local" value={wall} onChange={(e) => e.target.value && onChange({ ...step, at: instant(Date.parse(`${e.target.value}Z`), zone) })} />
      </div>
      {schema && <SchemaFields schema={schema} values={step.fields} faults={faults} onChange={(fields) => onChange({ ...step, fields })} />}
    </fieldset>
  );
}
