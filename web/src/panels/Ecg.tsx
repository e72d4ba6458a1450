/** Twelve leads of a twin's beat with bands, a pacing option drawn beside it, and all options in one table. */
import { useMemo, useState } from "react";
import type { EcgPanel } from "../api/types";
import { Card, Fault, Field, Loading, Notice, Segmented, sentence } from "../design/parts";
import { number, pretty } from "../lib/units";
import { PLANNED } from "../pages/whatif/plan";
import { t } from "../texts";
import { useAsked } from "./asked";
import { Bullseye, scaleOf, type Shade } from "./Bullseye";
import { paper } from "./ecg";
import { colourOf } from "./LoopPlot";
import type { Interval, LoopsAnswer } from "./loops";
import type { PanelProps } from "./registry";
import "./ecg.css";

const ORDER = ["I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6"];

export default function Ecg({ twin, panel: described }: PanelProps) {
  const panel = described as EcgPanel;
  const [chosen, setChosen] = useState(() => Object.keys(panel.options)[1] ?? "");
  // a pacing site takes a second or two the first time, so the heart as it is comes first and the options follow
  const first = useAsked<LoopsAnswer>(twin, "/v1/twins/{twin_id}/loops", { options: {} });
  const all = useAsked<LoopsAnswer>(twin, "/v1/twins/{twin_id}/loops", { options: panel.options }, !first.isPending);
  const answer = all.data || all.error ? all : first;
  const shown = answer.data ?? first.data;
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.ecg.noBelief}</p></Card>;
  return (
    <Card title={panel.title} body={false} note={shown && <>{sentence(shown.source)} {shown.basis.sentence}</>}>
      <div className="ecg-form no-print">
        <Field label={t.ecg.beside}>
          {(ids) => (
            <select {...ids} className="input" value={chosen} onChange={(e) => setChosen(e.target.value)}>
              <option value="">{t.ecg.nothing}</option>
              {Object.keys(panel.options).map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          )}
        </Field>
        <span className="small muted">{t.ecg.grid}</span>
      </div>
      {answer.error && <Fault error={answer.error} retry={() => void answer.refetch()} />}
      {shown ? <Beat answer={shown} panel={panel} chosen={chosen} more={all.isFetching} /> : !answer.error && <div className="body"><Loading height={420} label={t.ecg.working} /></div>}
    </Card>
  );
}

function Beat({ answer, panel, chosen, more }: { answer: LoopsAnswer; panel: EcgPanel; chosen: string; more: boolean }) {
  const shown = [PLANNED, ...(chosen && answer.options[chosen] ? [chosen] : [])];
  const call = (name: string) => (name === PLANNED ? t.ecg.planned : name);
  const [shade, setShade] = useState<Shade>("arrival");
  return (
    <>
      {answer.warnings.length > 0 && <div className="body">{answer.warnings.map((warning) => <Notice key={warning} tone="warn">{sentence(warning)}</Notice>)}</div>}
      <div className="ecg-key small">
        {shown.map((name) => <span key={name}><i style={{ borderTop: `3px ${name === PLANNED ? "solid" : "dashed"} ${colourOf(name)}` }} aria-hidden /> {call(name)}</span>)}
      </div>
      <div className="ecg-leads">
        {ORDER.map((lead) => <Lead key={lead} lead={lead} answer={answer} shown={shown} label={shown.map(call).join(", ")} />)}
      </div>
      <div className="ecg-form ecg-shade no-print">
        <div className="field">
          <span className="label" aria-hidden>{t.ecg.shade}</span>
          <Segmented label={t.ecg.shade} value={shade} options={Object.entries(t.ecg.shades) as [Shade, string][]} onChange={setShade} />
        </div>
      </div>
      <div className="ecg-eyes">
        {shown.map((name) => <Bullseye key={name} beat={answer.options[name]!} option={call(name)} shade={shade} scale={scaleOf(shown.map((of) => answer.options[of]!), shade)} />)}
      </div>
      <Options answer={answer} panel={panel} call={call} />
      {more && <p className="small muted ecg-caption" role="status">{t.ecg.more}</p>}
    </>
  );
}

function Lead({ lead, answer, shown, label }: { lead: string; answer: LoopsAnswer; shown: string[]; label: string }) {
  const drawn = useMemo(() => paper(answer, lead, shown), [answer, lead, shown.join("|")]);
  return (
    <figure className="ecg-lead">
      <svg viewBox={`0 0 ${drawn.width} ${drawn.height}`} role="img" aria-label={t.ecg.leadOf(lead, label)}>
        <path d={drawn.small} className="small-squares" />
        <path d={drawn.large} className="large-squares" />
        {drawn.lines.map((line) => <path key={`${line.name}-a`} d={line.area} fill={colourOf(line.name)} opacity="0.2" />)}
        {drawn.lines.map((line) => <path key={line.name} d={line.median} fill="none" stroke={colourOf(line.name)} strokeWidth="1.6" strokeLinejoin="round" strokeDasharray={line.name === PLANNED ? undefined : "5 2.5"} />)}
        <text x="5" y="13">{lead}</text>
      </svg>
    </figure>
  );
}

function Options({ answer, panel, call }: { answer: LoopsAnswer; panel: EcgPanel; call: (name: string) => string }) {
  const told = panel.of.map((name) => answer.told.find((one) => one.name === name)).filter((one) => one !== undefined);
  const cell = (q: Interval | undefined) => q && <><b className="num">{number(q.q50, 0)}</b> <span className="muted small num nowrap">{number(q.q05, 0)} – {number(q.q95, 0)}</span></>;
  return (
    <>
      <p className="small muted ecg-caption">{t.ecg.table}</p>
      <div className="scroll" tabIndex={0} role="region" aria-label={t.ecg.table}>
      <table className="table ecg-table">
        <thead>
          <tr>
            <th scope="col">{t.ecg.option}</th>
            {told.map((one) => <th key={one.name} scope="col" className="r" title={sentence(one.meaning)}>{one.meaning.charAt(0).toUpperCase() + one.meaning.slice(1)}, {pretty(one.unit)}</th>)}
          </tr>
        </thead>
        <tbody>
          {Object.entries(answer.options).map(([name, beat]) => (
            <tr key={name}>
              <th scope="row">{call(name)}</th>
              {told.map((one) => <td key={one.name} className="r">{cell(beat.numbers[one.name])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      </div>
    </>
  );
}
