/** The beat behind a twin: pressure-volume loops that a point runs round, courses with bands, numbers with intervals. */
import { Pause, Play } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { Problem } from "../api/http";
import type { LoopsPanel } from "../api/types";
import { Button, Card, Fault, Field, Loading, Notice, sentence } from "../design/parts";
import { number, pretty, signed, words } from "../lib/units";
import { SchemaFields } from "../pages/whatif/ActionForm";
import { newStep, PLANNED, type Value } from "../pages/whatif/plan";
import { t } from "../texts";
import { useAsked } from "./asked";
import { Courses } from "./LoopCourses";
import { LoopPlot } from "./LoopPlot";
import type { LoopsAnswer } from "./loops";
import type { PanelProps } from "./registry";
import "./loops.css";

export const OPTION = "changed";
const SLOWER = 2.5; // times as long as the beat itself, so that one can follow the point

interface Asked {
  at: string;
  action: string;
  fields: Record<string, Value>;
}

export default function Loops({ twin, kind, panel: described }: PanelProps) {
  const panel = described as LoopsPanel;
  const [draft, setDraft] = useState<Asked>({ at: panel.times[0]!.at, action: "", fields: {} });
  const [asked, setAsked] = useState(draft);
  const schema = kind.actions.find((one) => one.title === draft.action);
  const given = Object.fromEntries(Object.entries(asked.fields).filter(([, value]) => value !== null && value !== ""));
  const body = { at: asked.at, options: asked.action ? { [OPTION]: [{ [asked.action]: { at: "+0min", ...given } }] } : {} };
  const answer = useAsked<LoopsAnswer>(twin, "/v1/twins/{twin_id}/loops", body);
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.loops.noBelief}</p></Card>;
  const choose = (action: string) => {
    const chosen = kind.actions.find((one) => one.title === action);
    setDraft({ action, at: panel.best?.[action] ?? (action ? panel.times.at(-1)!.at : draft.at), fields: chosen ? newStep(chosen, 0).fields : {} });
  };
  const problem = answer.error instanceof Problem ? answer.error : null;
  return (
    <Card title={panel.title} body={false} note={answer.data && <>{sentence(answer.data.source)} {answer.data.basis.sentence}</>}>
      <form className="loops-form no-print" onSubmit={(e) => (e.preventDefault(), setAsked(draft))}>
        <Field label={t.loops.when}>
          {(ids) => <select {...ids} className="input" value={draft.at} onChange={(e) => setDraft({ ...draft, at: e.target.value })}>{panel.times.map((one) => <option key={one.at} value={one.at}>{one.name}</option>)}</select>}
        </Field>
        <Field label={t.loops.beside}>
          {(ids) => (
            <select {...ids} className="input" value={draft.action} onChange={(e) => choose(e.target.value)}>
              <option value="">{t.loops.nothing}</option>
              {kind.actions.map((one) => <option key={one.title} value={one.title}>{words(one.title)}</option>)}
            </select>
          )}
        </Field>
        {schema && <SchemaFields schema={schema} values={draft.fields} onChange={(fields) => setDraft({ ...draft, fields })} />}
        <Button type="submit" disabled={answer.isFetching}>{answer.isFetching ? t.whatif.working : t.loops.show}</Button>
      </form>
      {problem && answer.data && <div className="body"><Notice tone="bad">{sentence(problem.detail)} {sentence(problem.fix)}</Notice></div>}
      {answer.data ? <Beat answer={answer.data} busy={answer.isFetching} changed={words(asked.action)} /> : answer.error ? <Fault error={answer.error} retry={() => void answer.refetch()} /> : <div className="body"><Loading height={360} label={t.loops.working} /></div>}
    </Card>
  );
}

function Beat({ answer, busy, changed }: { answer: LoopsAnswer; busy: boolean; changed: string }) {
  const period = answer.options[PLANNED]!.period;
  const [playing, setPlaying] = useState(() => !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const [share, setShare] = usePhase(playing, period);
  const id = useId();
  const names = Object.keys(answer.options);
  const labels = Object.fromEntries(names.map((name) => [name, name === PLANNED ? t.loops.planned : changed]));
  return (
    <div aria-busy={busy}>
      {answer.warnings.length > 0 && <div className="body">{answer.warnings.map((warning) => <Notice key={warning} tone="warn">{sentence(warning)}</Notice>)}</div>}
      <div className="loops-plots">
        {answer.loops.map((loop) => <LoopPlot key={loop.name} loop={loop} answer={answer} share={share} labels={labels} />)}
      </div>
      <div className="loops-bar no-print">
        <Button small aria-pressed={playing} onClick={() => setPlaying(!playing)}>{playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />} {playing ? t.loops.pause : t.loops.play}</Button>
        <label htmlFor={id} className="small">{t.loops.phase}</label>
        <input id={id} type="range" min={0} max={100} step={1} value={Math.round(100 * share) % 100} aria-valuetext={t.loops.moment((share * period).toFixed(2), period.toFixed(2))} onChange={(e) => (setPlaying(false), setShare(Number(e.target.value) / 100))} />
        <span className="small num muted" aria-hidden>{t.loops.moment((share * period).toFixed(2), period.toFixed(2))}</span>
        <span className="spring" />
        <span className="small muted">{t.loops.key(answer.members)}</span>
      </div>
      <Courses answer={answer} share={share} labels={labels} />
      <Numbers answer={answer} changed={names.length > 1 ? changed : ""} />
    </div>
  );
}

/** A share of the beat that goes round while it plays, at 30 pictures a second. */
function usePhase(playing: boolean, period: number): [number, (share: number) => void] {
  const [share, setShare] = useState(0);
  const held = useRef(0);
  held.current = share;
  useEffect(() => {
    if (!playing) return;
    let again = 0;
    let last = performance.now();
    const frame = (now: number) => {
      again = requestAnimationFrame(frame);
      if (now - last < 33) return;
      const on = (now - last) / (1000 * period * SLOWER);
      last = now;
      if (!document.hidden) setShare((held.current + Math.min(on, 0.2)) % 1);
    };
    again = requestAnimationFrame(frame);
    return () => cancelAnimationFrame(again);
  }, [playing, period]);
  return [share, setShare];
}

function Numbers({ answer, changed }: { answer: LoopsAnswer; changed: string }) {
  const groups = [...answer.loops, { name: "", meaning: t.loops.whole }];
  return (
    <div className="loops-numbers">
      <p className="small muted">{t.loops.table}</p>
      {groups.map((group) => <Group key={group.name} answer={answer} of={group.name} title={capital(group.meaning)} changed={changed} />)}
    </div>
  );
}

function Group({ answer, of, title, changed }: { answer: LoopsAnswer; of: string; title: string; changed: string }) {
  const [planned, other] = [answer.options[PLANNED]!, answer.options[OPTION]];
  const rows = answer.told.filter((told) => told.of === of);
  const cell = (q: { q05: number; q50: number; q95: number } | undefined, signs = false) => {
    if (!q) return "–";
    const digits = digitsOf(q);
    const say = (v: number) => (signs ? signed(v, digits) : number(v, digits));
    return <><b className="num">{say(q.q50)}</b> <span className="muted small num nowrap">{say(q.q05)} – {say(q.q95)}</span></>;
  };
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={title}>
      <table className="table loops-table">
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col" className="r">{t.loops.planned}</th>
            {changed && <th scope="col" className="r"><span className="swatch-s" style={{ background: "var(--c2)" }} /> {changed}</th>}
            {changed && <th scope="col" className="r">{t.loops.change}</th>}
            <th scope="col" className="r">{t.loops.usual}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((told) => (
            <tr key={told.name}>
              <th scope="row" title={capital(told.meaning)}>{capital(told.meaning.split(":")[0]!)}{told.unit !== "1" && <span className="muted">, {pretty(told.unit)}</span>}</th>
              <td className="r">{cell(planned.numbers[told.name])}</td>
              {changed && <td className="r">{cell(other?.numbers[told.name])}</td>}
              {changed && <td className="r">{cell(other?.differences?.[told.name], true)}</td>}
              <td className="r muted num nowrap" title={told.source && t.loops.usualOf(told.source)}>{told.usual ? `${number(told.usual[0])} – ${number(told.usual[1])}` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
/** As many digits as the interval's width deserves: two of it, the same for its ends. */
const digitsOf = (q: { q05: number; q95: number }) => (q.q95 - q.q05 < 1e-9 ? -1 : Math.min(3, Math.max(0, Math.ceil(1 - Math.log10(Math.max(q.q95 - q.q05, 1e-3))))));
