/** Whether what comes in for a kind's twins, or what comes of its forecasts, is as before. */
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
      {inputs.length > 0 && (
        <>
          <h3 id="drift-in">{t.kinds.inputs}</h3>
          <div className="scroll">
            <table className="table" aria-labelledby="drift-in">
              <thead>
                <tr>
                  <th scope="col">{t.kinds.observable}</th>
                  <th scope="col" className="r">{t.kinds.index}</th>
                  <th scope="col" className="r">{t.kinds.limit}</th>
                  <th scope="col" className="r">{t.kinds.readings}</th>
                  <th scope="col" className="r">{t.kinds.subjects}</th>
                </tr>
              </thead>
              <tbody>
                {inputs.map((one) => (
                  <tr key={one.observable}>
                    <td>{words(one.observable)} {one.drifted && <Chip tone="warn">{t.trust.drift}</Chip>}</td>
                    <td className="r">{number(one.index, 3)}</td>
                    <td className="r">{number(one.limit, 3)}</td>
                    <td className="r">{one.readings}</td>
                    <td className="r">{one.subjects}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {outcomes.length > 0 && (
        <>
          <h3 id="drift-out">{t.kinds.outcomes}</h3>
          <div className="scroll">
            <table className="table" aria-labelledby="drift-out">
              <thead>
                <tr>
                  <th scope="col">{t.kinds.observable}</th>
                  <th scope="col" className="r">{t.kinds.outside}</th>
                  <th scope="col" className="r">{t.kinds.readings}</th>
                  <th scope="col">{t.kinds.since}</th>
                  <th scope="col">{t.kinds.moved}</th>
                </tr>
              </thead>
              <tbody>
                {outcomes.map((one) => (
                  <tr key={one.observable}>
                    <td>{words(one.observable)} {one.spoke && <Chip tone="warn">{t.trust.drift}</Chip>}</td>
                    <td className="r">{percent(one.outside90)}</td>
                    <td className="r">{one.readings}</td>
                    <td>{when(one.spoke)}</td>
                    <td>{when(one.ranks_moved)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}

const when = (at: string | null | undefined) => (at ? full(Date.parse(at), "UTC") : "–");
