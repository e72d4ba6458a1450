/** The heart in 3D, coloured by when the front reaches each place: as planned, and with a pacing option beside it. */
import { Pause, Play } from "lucide-react";
import { Suspense, useEffect, useId, useRef, useState } from "react";
import type { OptionsPanel } from "../api/types";
import { Button, Card, Fault, Field, Loading, Notice, Segmented, sentence } from "../design/parts";
import { lazily } from "../lib/lazily";
import { number, signed, words } from "../lib/units";
import { PLANNED } from "../pages/whatif/plan";
import { t } from "../texts";
import { useAsked } from "./asked";
import { legends, rows, widest, type By, type HeartAnswer, type Told, type View } from "./heart3d";
import type { Pose } from "./HeartScene";
import type { PanelProps } from "./registry";
import "./loops.css";
import "./heart3d.css";

const Scene = lazily(() => import("./HeartScene"));
const SLOWER = 30; // times as long as the heart takes, so that one can follow the front

export default function Heart3d({ twin, panel: described }: PanelProps) {
  const panel = described as OptionsPanel;
  const [option, setOption] = useState("");
  const [by, setBy] = useState<By>("arrival");
  const [spread, setSpread] = useState(false); // asked for once, it stays: the map of arrivals is in the same answer
  const body = { options: option ? { [option]: panel.options[option]! } : {}, ...(spread ? { spread } : {}) };
  const answer = useAsked<HeartAnswer>(twin, "/v1/twins/{twin_id}/picture", body);
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.heart3d.noBelief}</p></Card>;
  return (
    <Card title={panel.title} body={false} note={answer.data && <>{sentence(answer.data.source)} {answer.data.basis.sentence}</>}>
      <div className="loops-form no-print">
        <Field label={t.heart3d.beside}>
          {(ids) => (
            <select {...ids} className="input" value={option} onChange={(e) => setOption(e.target.value)}>
              <option value="">{t.heart3d.nothing}</option>
              {Object.keys(panel.options).map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          )}
        </Field>
        <div className="field">
          <span className="label" aria-hidden>{t.heart3d.by}</span>
          <Segmented label={t.heart3d.by} value={by} options={Object.entries(t.heart3d.bys) as [By, string][]} onChange={(next) => (setBy(next), setSpread(spread || next === "spread"))} />
        </div>
      </div>
      {answer.data ? <Painted answer={answer.data} busy={answer.isFetching} by={by} /> : answer.error ? <Fault error={answer.error} retry={() => void answer.refetch()} /> : <div className="body"><Loading height={380} label={t.heart3d.working} /></div>}
      {answer.data && answer.error && <div className="body"><Fault error={answer.error} retry={() => void answer.refetch()} /></div>}
    </Card>
  );
}

function Painted({ answer, busy, by: wanted }: { answer: HeartAnswer; busy: boolean; by: By }) {
  const [first, last] = answer.span;
  const [now, setNow] = useState(last);
  const [playing, setPlaying] = useState(false);
  const [view, setView] = useState<View>("outside");
  const [pose, setPose] = useState<Pose>({ turn: 0.35, tilt: 0.1, far: 1 });
  const id = useId();
  const by = answer.painted > 1 ? wanted : "arrival";
  const shown = Math.min(Math.max(now, first), last);
  useRunning(playing, shown, first, last, setNow, () => setPlaying(false));
  const play = () => {
    if (!playing && shown >= last) setNow(first);
    setPlaying(!playing);
  };
  const names = Object.keys(answer.regions);
  const scarred = answer.surfaces.some((surface) => Object.keys(surface.scar).length > 0);
  return (
    <div aria-busy={busy}>
      {answer.warnings.length > 0 && <div className="body">{answer.warnings.map((warning) => <Notice key={warning} tone="warn">{sentence(warning)}</Notice>)}</div>}
      <div className="heart-pair">
        {names.map((name) => (
          <figure key={name}>
            <figcaption className="small">{name === PLANNED ? t.heart3d.planned : name}</figcaption>
            <Suspense fallback={<Loading height={340} />}>
              <Scene answer={answer} option={name} name={name === PLANNED ? t.heart3d.planned : name} view={view} by={by} now={shown} pose={pose} onPose={setPose} onSpace={play} />
            </Suspense>
          </figure>
        ))}
      </div>
      <div className="heart-legend small" aria-hidden>
        {by === "spread" ? (
          <><span>{t.heart3d.sure} 0</span><i style={{ background: legends.spread }} /><span>{number(widest(answer)[1])} {t.heart3d.unit} {t.heart3d.unsure}</span></>
        ) : (
          <>
            <span>{t.heart3d.earlier} {number(first)}</span><i style={{ background: legends.arrival }} /><span>{number(last)} {t.heart3d.unit} {t.heart3d.later}</span>
            <span><b data-ink="resting" /> {t.heart3d.resting}</span>
            <span><b data-ink="front" /> {t.heart3d.front}</span>
          </>
        )}
        {scarred && <span><b data-ink="scar" /> {t.heart3d.scar}</span>}
      </div>
      {wanted === "spread" && <p className="small muted heart-by" role="status">{by === "spread" ? t.heart3d.spread(answer.painted) : t.heart3d.measuring}</p>}
      <div className="loops-bar no-print">
        {by === "arrival" && <>
        <Button small aria-pressed={playing} onClick={play}>{playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />} {playing ? t.heart3d.pause : t.heart3d.play}</Button>
        <label htmlFor={id} className="small">{t.heart3d.moment}</label>
        <input id={id} type="range" min={first} max={last} step={1} value={Math.round(shown)} aria-valuetext={t.heart3d.at(Math.round(shown), last)} onChange={(e) => (setPlaying(false), setNow(Number(e.target.value)))} />
        <span className="small num muted" aria-hidden>{t.heart3d.at(Math.round(shown), last)}</span>
        </>}
        <span className="spring" />
        <Segmented label={t.heart3d.view} value={view} options={Object.entries(t.heart3d.views) as [View, string][]} onChange={setView} />
      </div>
      <Regions answer={answer} option={names.find((name) => name !== PLANNED) ?? ""} />
    </div>
  );
}

/** Time runs on while it plays, at 30 pictures a second, and stops at the end. */
function useRunning(playing: boolean, now: number, first: number, last: number, onNow: (now: number) => void, onEnd: () => void) {
  const held = useRef({ now, onNow, onEnd });
  held.current = { now, onNow, onEnd };
  useEffect(() => {
    if (!playing) return;
    let again = 0;
    let before = performance.now();
    const frame = (at: number) => {
      again = requestAnimationFrame(frame);
      if (at - before < 33 || document.hidden) return;
      const next = held.current.now + Math.min(at - before, 200) / SLOWER;
      before = at;
      held.current.onNow(Math.min(next, last));
      if (next >= last) held.current.onEnd();
    };
    again = requestAnimationFrame(frame);
    return () => cancelAnimationFrame(again);
  }, [playing, first, last]);
}

function cell(told: Told | null, write: (value: number, digits: number) => string) {
  if (told === null) return "–";
  const { value, interval } = told;
  return <><b className="num">{write(value, 0)}</b>{interval && <span className="muted small num nowrap"> {write(interval[0], 0)} to {write(interval[1], 0)}</span>}</>;
}

function Regions({ answer, option }: { answer: HeartAnswer; option: string }) {
  return (
    <div className="loops-numbers">
      <p className="small muted">{t.heart3d.table(answer.meaning, answer.members)}</p>
      <div className="scroll heart-table" tabIndex={0} role="region" aria-label={t.heart3d.table(answer.meaning, answer.members)}>
        <table className="table loops-table">
          <thead>
            <tr>
              <th scope="col">{t.heart3d.region}</th>
              <th scope="col" className="r">{t.heart3d.planned}</th>
              {option && <th scope="col" className="r">{option}</th>}
              {option && <th scope="col" className="r">{t.heart3d.change}</th>}
            </tr>
          </thead>
          <tbody>
            {rows(answer, PLANNED, option).map((row) => (
              <tr key={row.name}>
                <th scope="row">{words(row.name)}</th>
                <td className="r">{cell(row.planned, number)}</td>
                {option && <td className="r">{cell(row.other, number)}</td>}
                {option && <td className="r">{cell(row.change, signed)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
