/** What a kind claims and what was measured, what it is for and not for: beside its twins and on its own page. */
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { useMemo, useState } from "react";
import { useEvidence } from "../../api/queries";
import type { Claim, Kind } from "../../api/types";
import { Card, Chip, Empty, Loaded, Notice, Segmented, sentence } from "../../design/parts";
import { fieldName, number, words } from "../../lib/units";
import { t } from "../../texts";
import "./claims.css";

type Shown = "all" | "met" | "unmet" | "open";

export function Claims({ kind }: { kind: Kind }) {
  const evidence = useEvidence(kind.name);
  const [wanted, setWanted] = useState<Shown>("all");
  return (
    <Loaded query={evidence} height={300}>
      {({ items }) => {
        const met = items.filter((c) => c.met === true).length;
        const unmet = items.filter((c) => c.met === false).length;
        const state = (c: Claim): Shown => (c.met === true ? "met" : c.met === false ? "unmet" : "open");
        const some = items.filter((c) => wanted === "all" || wanted === state(c));
        return (
          <Card
            title={t.trust.claims}
            body={false}
            actions={<Segmented<Shown> label={t.trust.claims} value={wanted} options={[["all", `${t.all} ${items.length}`], ["met", `${t.trust.met} ${met}`], ["unmet", `${t.trust.notMet} ${unmet}`], ["open", `${t.trust.notMeasured} ${items.length - met - unmet}`]]} onChange={setWanted} />}
          >
            <div className="tally" role="img" aria-label={t.trust.tally(met, unmet, items.length - met - unmet)}>
              <i style={{ flex: met, background: "var(--good)" }} />
              <i style={{ flex: unmet, background: "var(--bad)" }} />
              <i style={{ flex: items.length - met - unmet, background: "var(--line)" }} />
            </div>
            {items.length === 0 && <Empty title={t.trust.noClaims} />}
            <ul className="claims">
              {some.map((claim) => <ClaimRow key={claim.id} claim={claim} />)}
            </ul>
          </Card>
        );
      }}
    </Loaded>
  );
}

function ClaimRow({ claim }: { claim: Claim & Record<string, unknown> }) {
  const icon = claim.met === true ? <CircleCheck size={17} color="var(--good)" aria-hidden /> : claim.met === false ? <CircleX size={17} color="var(--bad)" aria-hidden /> : <CircleDashed size={17} color="var(--faint)" aria-hidden />;
  const measured = useMemo(() => said(claim.measured), [claim.measured]);
  return (
    <li>
      <details>
        <summary>
          {icon}
          <span>
            {claim.statement}
            <span className="small muted measured">
              {claim.met === true ? t.trust.met : claim.met === false ? t.trust.notMet : t.trust.notMeasured}: {measured} <span>({t.trust.target} {claim.target})</span>
            </span>
          </span>
          {claim.stale && <Chip tone="warn" title={t.trust.staleMeaning}>{t.trust.stale}</Chip>}
        </summary>
        <dl className="facts">
          <dt>{t.trust.metric}</dt><dd>{claim.metric}</dd>
          {claim.baseline ? <><dt>{t.trust.baseline}</dt><dd>{said(claim.baseline)}</dd></> : null}
          {claim.data ? <><dt>{t.trust.data}</dt><dd>{String(claim.data)}</dd></> : null}
          {claim.n ? <><dt>n</dt><dd className="num">{String(claim.n)}</dd></> : null}
          {claim.class ? <><dt>{t.trust.class}</dt><dd>{words(String(claim.class))}</dd></> : null}
          {claim.date ? <><dt>{t.trust.date}</dt><dd>{String(claim.date).slice(0, 10)}, {t.trust.version} {String(claim.version ?? "")}</dd></> : null}
          <dt>{t.trust.id}</dt><dd><code>{claim.id}</code></dd>
        </dl>
      </details>
    </li>
  );
}

function said(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return number(value);
  if (typeof value === "object") return Object.entries(value).map(([k, v]) => `${words(k)} ${typeof v === "number" ? number(v) : String(v)}`).join(", ");
  return String(value);
}

export function Credibility({ kind }: { kind: Kind }) {
  const use = kind.context_of_use;
  return (
    <aside className="stack">
      <Card title={t.trust.use}>
        <dl className="facts tall">
          <dt>{t.trust.question}</dt><dd>{use.question}</dd>
          <dt>{t.trust.users}</dt><dd>{sentence(use.users)}</dd>
          <dt>{t.trust.risk}</dt><dd>{sentence(use.risk)}</dd>
          <dt>{t.trust.notFor}</dt><dd>{sentence(use.not_for)}</dd>
        </dl>
      </Card>
      <Card title={t.trust.envelope} body={false} note={sentence(kind.envelope.source)}>
        <table className="table">
          <tbody>
            {Object.entries(kind.envelope.ranges).map(([name, [low, high]]) => (
              <tr key={name}>
                <td>{fieldOf(kind, name)} <span className="muted small">{words(name.replace(/\..*/, "")).toLowerCase()}</span></td>
                <td className="r">{number(low)} – {number(high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
      <Notice>{t.research}</Notice>
    </aside>
  );
}

/** "Patient.bsa" of the envelope as a label. */
function fieldOf(kind: Kind, name: string): string {
  const [type, field] = name.split(".") as [string, string];
  return fieldName(field, [kind.subject, ...kind.actions].find((schema) => schema.title === type)?.properties[field]?.description);
}
