/** The trial's own data: estimates beside their honest comparisons, what is beyond them, and the guard-rails. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { post } from "../../api/http";
import { useMay } from "../../api/queries";
import { Button, Card, Chip, Notice } from "../../design/parts";
import { number, percent } from "../../lib/units";
import { t } from "../../texts";
import { FilePick } from "./FilePick";
import { Interval, rangeOf } from "./pictures";
import { isBusy, textOf, type Analysis, type Estimate, type Subgroup, type Trial } from "./trial";
import { Refusal } from "./Trials";

const a = t.trials.analysis;
const p = (value: number) => (value < 0.001 ? "< 0.001" : number(value, 3));

export function AnalysisCard({ trial }: { trial: Trial }) {
  const may = useMay("trials:write");
  return (
    <Card title={a.title} body={false}>
      {trial.analysis && <Found of={trial.analysis} />}
      {may && <Send trial={trial} />}
    </Card>
  );
}

function Send({ trial }: { trial: Trial }) {
  const [file, setFile] = useState<File | null>(null);
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: async () => post("/v1/trials/{trial_id}/data", { path: { trial_id: trial.id }, body: { data: await textOf(file!) } }),
    onSuccess: () => {
      setFile(null);
      void client.invalidateQueries({ queryKey: ["trials"] });
    },
  });
  return (
    <div className="body stack">
      <FilePick label={a.data} hint={trial.analysis ? a.again : a.dataHint} accept=".csv,.txt" file={file} onFile={(next) => (setFile(next), send.reset())} />
      {send.error && <Refusal error={send.error} />}
      <div className="row"><Button kind="primary" disabled={!file || send.isPending || isBusy(trial)} onClick={() => send.mutate()}>{send.isPending ? t.trials.checking : a.go}</Button></div>
    </div>
  );
}

function Found({ of }: { of: Analysis }) {
  const rows: [string, Estimate][] = [[a.primary, of.primary], ...Object.entries(of.comparisons).map(([name, e]): [string, Estimate] => [t.trials.sizes.names[name] ?? name, e])];
  const virtual = of.guards.virtual_control;
  const drift = of.guards.drift;
  return (
    <>
      <div className="body stack">{of.notes.map((note) => <Notice key={note} tone={note.startsWith("not") ? "warn" : ""}>{note}</Notice>)}</div>
      <Forest rows={rows} caption={a.forest} />
      {of.variance_against_covariates !== null && <p className="note">{a.gain(number(of.variance_against_covariates, 3))}</p>}
      {of.sensitivity.length > 0 && <Section title={a.missing}><Forest rows={of.sensitivity.map((e) => [e.name, e])} caption={a.missing} /></Section>}
      {of.secondary.length > 0 && <Section title={a.secondary}><Forest rows={of.secondary.map((e) => [e.outcome, e])} caption={a.secondary} adjusted={of.secondary.map((e) => e.adjusted_p)} /></Section>}
      {of.arms.length > 0 && <Section title={a.arms}><Forest rows={of.arms.map((e) => [e.arm, e])} caption={a.arms} adjusted={of.arms.map((e) => e.adjusted_p)} /></Section>}
      {of.subgroups.length > 0 && <Section title={a.subgroups} more={a.subgroupsNote}>{of.subgroups.map((g) => <Group key={g.column} of={g} />)}</Section>}
      <Section title={a.guards}>
        <div className="body stack">
          <p>{a.typeOne(percent(of.guards.type_one.rejected, 1), of.guards.type_one.permutations, percent(of.guards.type_one.alpha), p(of.guards.type_one["permutation p"]))}</p>
          <p>{a.drift(number(drift.slope, 2), number(drift.correlation, 2), number(drift["correlation in history"], 2))}</p>
          <div className="scroll" tabIndex={0} role="region" aria-label={a.bad}><table className="table small">
            <caption className="unseen">{a.bad}</caption>
            <thead><tr><th scope="col">{a.bad}</th><th scope="col" className="r">{a.effect}</th><th scope="col" className="r">{a.se}</th></tr></thead>
            <tbody>{Object.entries(of.guards.bad_scores).map(([name, e]) => <tr key={name}><th scope="row">{a.bads[name] ?? name}</th><td className="r">{number(e.estimate)}</td><td className="r">{number(e.se)}</td></tr>)}</tbody>
          </table></div>
          {typeof virtual["treated less predicted"] === "number" && (
            <Notice tone="warn">
              <Chip tone="warn">{a.exploratory}</Chip> <b>{a.virtual}.</b> {a.virtualText(number(virtual["treated less predicted"]), number(virtual["its apparent se"] as number), number(virtual["bias: randomised controls less predicted"] as number), number(virtual["bias in its own se"] as number, 1))}
            </Notice>
          )}
        </div>
      </Section>
    </>
  );
}

function Section({ title, more, children }: { title: string; more?: string; children: ReactNode }) {
  return (
    <section className="trial-section">
      <h3>{title}{more && <span className="muted small"> {more}</span>}</h3>
      {children}
    </section>
  );
}

function Forest({ rows, caption, adjusted }: { rows: [string, Estimate][]; caption: string; adjusted?: number[] }) {
  const range = rangeOf(rows.map(([, e]) => e));
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="table">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t.trials.sizes.analysis}</th><th scope="col" className="r">{a.effect}</th><th scope="col" className="r">{a.interval}</th><th scope="col" className="forest-cell"><span className="unseen">{a.forest}</span></th><th scope="col" className="r">{a.se}</th><th scope="col" className="r">{a.p}</th>
            {adjusted && <th scope="col" className="r">{a.adjusted}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, e], i) => (
            <tr key={name} title={e.method}>
              <th scope="row">{name}</th>
              <td className="r"><b>{number(e.estimate)}</b></td>
              <td className="r nowrap">{t.trials.to(number(e.low), number(e.high))}</td>
              <td className="forest-cell"><Interval {...e} range={range} label={`${name}: ${number(e.estimate)}, ${t.trials.to(number(e.low), number(e.high))}`} /></td>
              <td className="r">{number(e.se)}</td>
              <td className="r">{p(e.p)}</td>
              {adjusted && <td className="r">{p(adjusted[i]!)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Group({ of }: { of: Subgroup }) {
  const rows = of.levels.flatMap((l): [string, Estimate][] => (l.estimate === undefined ? [] : [[`${of.column} ${l.group} (${l.treated} / ${l.control})`, l as unknown as Estimate]]));
  const rest = of.levels.filter((l) => l.note);
  return (
    <>
      {rows.length > 0 && <Forest rows={rows} caption={of.column} />}
      <p className="note">{of.heterogeneity_p !== null && a.heterogeneity(p(of.heterogeneity_p))} {rest.map((l) => `${l.group}: ${l.note}`).join("; ")}</p>
    </>
  );
}
