/** Whether what comes in for a kind's twins, or what comes of its forecasts, is as before. */
import { useId } from "react";
import { useDrift } from "../../api/queries";
import type { Drift } from "../../api/types";
import { Card, Chip, Empty, Loaded, Notice, sentence } from "../../design/parts";
import { full } from "../../lib/time";
import { number, percent, words } from "../../lib/units";
import { t } from "../../texts";

export function Drifted({ kind }: { kind: string }) {
  const drift = useDrift(kind);
  return (
    <Card title={t.kinds.drift} body={false}>
      <Loaded query={drift} height={120}>{(found) => <Found drift={found} />}</Loaded>
    </Card>
  );
}

function Found({ drift }: { drift: Drift }) {
  const { inputs, outcomes } = drift;
  if (inputs.length + outcomes.length === 0) return <Empty title={t.kinds.early}><p>{t.kinds.earlyText}</p></Empty>;
  const looked = new Set([...inputs, ...outcomes].map((one) => one.observable)).size;
  return (
    <>
      <div className="calm">
        {drift.proposal ? <Notice tone="warn">{sentence(drift.proposal)}</Notice> : <Notice tone="good"><b>{t.kinds.steady}.</b> {t.kinds.steadyText(looked)}</Notice>}
      </div>
      <Looked title={t.kinds.inputs} heads={[t.kinds.index, t.kinds.limit, t.kinds.readings, t.kinds.subjects]} rows={inputs.map((one) => ({ name: one.observable, drifted: one.drifted, cells: [number(one.index, 3), number(one.limit, 3), one.readings, one.subjects] }))} />
      <Looked title={t.kinds.outcomes} heads={[t.kinds.outside, t.kinds.readings, t.kinds.since, t.kinds.moved]} rows={outcomes.map((one) => ({ name: one.observable, drifted: one.spoke !== null, cells: [percent(one.outside90), one.readings, when(one.spoke), when(one.ranks_moved)] }))} />
    </>
  );
}

/** One way of looking at drift, an observable a row; nothing where nothing was looked at. */
function Looked({ title, heads, rows }: { title: string; heads: string[]; rows: { name: string; drifted: boolean; cells: (string | number)[] }[] }) {
  const id = useId();
  if (rows.length === 0) return null;
  return (
    <>
      <h3 id={id}>{title}</h3>
      <div className="scroll">
        <table className="table" aria-labelledby={id}>
          <thead>
            <tr><th scope="col">{t.kinds.observable}</th>{heads.map((head) => <th key={head} scope="col" className="r">{head}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <td>{words(row.name)} {row.drifted && <Chip tone="warn">{t.trust.drift}</Chip>}</td>
                {row.cells.map((cell, i) => <td key={i} className="r nowrap">{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const when = (at: string | null | undefined) => (at ? full(Date.parse(at), "UTC") : "–");
