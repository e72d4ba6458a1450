/** One trial: what its score is worth, how many patients it needs, other designs, its analysis and its guard-rails. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, FileText, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { del, get, post, put } from "../../api/http";
import { useMay } from "../../api/queries";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Chip, Dialog, Loaded, Notice, sentence } from "../../design/parts";
import { number, percent } from "../../lib/units";
import { t } from "../../texts";
import { AnalysisCard } from "./Analysis";
import { Explorer } from "./Explorer";
import { FilePick } from "./FilePick";
import { Calibration, Savings } from "./pictures";
import { BOTH, isBusy, needs, textOf, useTrial, type Plan, type Trial as One } from "./trial";
import { Refusal, saved } from "./Trials";
import "./trials.css";

export default function Trial({ id }: { id: string }) {
  const trial = useTrial(id);
  return (
    <div className="page">
      <Loaded query={trial} height={320}>{(one) => <Page trial={one} />}</Loaded>
    </div>
  );
}

function Page({ trial }: { trial: One }) {
  const plan = trial.plan;
  const what = needs(trial);
  return (
    <>
      <div className="page-head">
        <div>
          <p className="sub"><Link href="/trials">{t.trials.title}</Link></p>
          <h1>{trial.title}</h1>
        </div>
        <Chip>{trial.protocol.estimand}</Chip>
        {trial.analysed ? <Chip tone="good">{t.trials.states.analysed}</Chip> : plan && <Chip tone="accent">{t.trials.states.planned}</Chip>}
        <span className="spring" />
        <Actions trial={trial} />
      </div>
      <Work trial={trial} />
      {plan && (
        <>
          <div className="trial-cards">
            <Sizes trial={trial} plan={plan} />
            <Card title={t.trials.curve.title}>
              <figure>
                <Savings of={plan} what={what} />
                <figcaption className="legend-of-plot">
                  <span><i className="dot" aria-hidden /> {t.trials.curve.point(plan.point.total, number(plan.point.correlation, 2))}</span>
                  <span><i className="bar-of" aria-hidden /> {t.trials.curve.band(number(plan.point.low, 2), number(plan.point.high, 2), plan.point.most, plan.point.fewest)}</span>
                </figcaption>
              </figure>
              <CurveTable plan={plan} what={what} />
            </Card>
            <Card title={t.trials.calibration.title}>
              <Calibration deciles={plan.score.report.deciles} slope={plan.score.report.calibration.slope} />
              <p className="small muted">{t.trials.calibration.note(number(plan.score.report.calibration.slope, 2), number(plan.score.report.calibration.slope_sd, 2), plan.score.report["best single covariate"].name, number(plan.score.report["best single covariate"].correlation, 2))}</p>
            </Card>
          </div>
          <Explorer key={trial.plan?.history.hash} trial={trial} plan={plan} />
          <AnalysisCard trial={trial} />
          <p className="small muted">{t.trials.hashes(trial.protocol.seed, plan.history.hash, trial.analysis?.trial.hash ?? "")}</p>
        </>
      )}
    </>
  );
}

function Sizes({ trial, plan }: { trial: One; plan: Plan }) {
  const what = needs(trial);
  const rows = Object.entries(plan.sizes);
  const arms = what === "patients";
  const dropping = rows.some(([, s]) => s.randomised !== undefined && s.randomised !== s.total);
  const worst = [...plan.sensitivity].sort((a, b) => a.power! - b.power!)[0];
  const only = plan.control_only;
  return (
    <Card title={t.trials.sizes.title[what]} body={false} className="wide">
      <div className="scroll" tabIndex={0} role="region" aria-label={t.trials.sizes.title[what]}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t.trials.sizes.analysis}</th>
              <th scope="col" className="r">{t.trials.sizes.correlation}</th>
              <th scope="col" className="r">{t.trials.sizes.total}</th>
              {arms && <><th scope="col" className="r">{t.trials.sizes.treated}</th><th scope="col" className="r">{t.trials.sizes.control}</th></>}
              {dropping && <th scope="col" className="r">{t.trials.sizes.randomised}</th>}
              <th scope="col" className="r">{t.trials.sizes.power}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, size]) => (
              <tr key={name} className={name === BOTH ? "chosen" : undefined}>
                <th scope="row">{t.trials.sizes.names[name] ?? name}</th>
                <td className="r">{number(plan.correlation[name] ?? 0, 2)}</td>
                <td className="r"><b>{size.total}</b></td>
                {arms && <><td className="r">{size.treated}</td><td className="r">{size.control}</td></>}
                {dropping && <td className="r">{size.randomised}</td>}
                <td className="r">{number(size.power, 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="note stack-small">
        <p>{t.trials.sizes.honest}</p>
        {only["controls with the score"] !== undefined && <p>{t.trials.sizes.only(only["controls with the score"], only["controls with covariates"]!)}</p>}
        {worst && <p>{t.trials.sizes.fail(number(worst.power, 2), percent(worst["sd times"]!), percent(worst["correlation times"]!))}</p>}
        {(plan.advice ?? []).map((one) => <p key={one}>{sentence(one)}</p>)}
        {plan.looks && <p>{t.trials.sizes.looks(number(plan.looks.inflation, 3))}</p>}
      </div>
    </Card>
  );
}

function CurveTable({ plan, what }: { plan: Plan; what: "patients" | "events" }) {
  return (
    <details className="small">
      <summary>{t.trials.curve.table}</summary>
      <table className="table">
        <thead><tr><th scope="col" className="r">{t.trials.sizes.correlation}</th><th scope="col" className="r">{t.trials.sizes.title[what]}</th><th scope="col" className="r">{t.trials.curve.share}</th></tr></thead>
        <tbody>{plan.curve.map((c) => <tr key={c.correlation}><td className="r">{number(c.correlation, 1)}</td><td className="r">{c[what]}</td><td className="r">{percent(c.share!)}</td></tr>)}</tbody>
      </table>
    </details>
  );
}

/** The job that works on it: how far it is, or why it failed and how to go on. */
function Work({ trial }: { trial: One }) {
  const may = useMay("trials:write");
  const tell = useToast();
  const client = useQueryClient();
  const job = trial.job;
  const stop = useMutation({
    mutationFn: () => post("/v1/jobs/{job_id}/cancel", { path: { job_id: job!.id } }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["trials"] }),
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  if (!job || job.state === "done") return null;
  if (isBusy(trial)) {
    const name = job.type === "plan_trial" ? t.trials.planning : t.trials.analysing;
    return (
      <Card>
        <div className="row">
          <span className="strong">{name}</span>
          <span className="bar" role="progressbar" aria-label={name} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * job.progress)} style={{ width: 200 }}>
            <i style={{ width: `${100 * job.progress}%` }} />
          </span>
          <span className="num small">{percent(job.progress)}</span>
          {may && <Button small disabled={stop.isPending} onClick={() => stop.mutate()}><Square size={12} aria-hidden /> {t.cancel}</Button>}
        </div>
      </Card>
    );
  }
  return (
    <Card>
      <div className="stack">
        {job.error ? (
          <Notice tone="bad"><b>{job.error.where || t.trials.failed}</b>: {sentence(job.error.what ?? "")} {job.error.fix && sentence(job.error.fix)}</Notice>
        ) : (
          <Notice tone="warn">{t.trials.wasCancelled}</Notice>
        )}
        {may && <Again trial={trial} />}
      </div>
    </Card>
  );
}

function Again({ trial }: { trial: One }) {
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const again = useMutation({
    mutationFn: async () => {
      const told = file ? await textOf(file) : { name: trial.protocol_name, text: JSON.stringify(trial.protocol) };
      return put("/v1/trials/{trial_id}/protocol", { path: { trial_id: trial.id }, body: { protocol: told.text, protocol_name: told.name } });
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: ["trials"] }),
  });
  return (
    <div className="stack">
      <FilePick label={t.trials.protocol} hint={t.trials.protocolHint} accept=".yaml,.yml,.json,.txt" file={file} onFile={setFile} />
      {again.error && <Refusal error={again.error} />}
      <div className="row"><Button kind="primary" disabled={again.isPending} onClick={() => again.mutate()}>{t.trials.again}</Button></div>
    </div>
  );
}

function Actions({ trial }: { trial: One }) {
  const [sure, setSure] = useState(false);
  const [, go] = useLocation();
  const may = useMay("trials:write");
  const tell = useToast();
  const client = useQueryClient();
  const away = useMutation({
    mutationFn: () => del("/v1/trials/{trial_id}", { path: { trial_id: trial.id } }),
    onSuccess: () => {
      tell(t.trials.takenBack);
      go("/trials");
      void client.invalidateQueries({ queryKey: ["trials"], exact: true });
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  const score = useMutation({
    mutationFn: () => get("/v1/trials/{trial_id}/score", { path: { trial_id: trial.id } }),
    onSuccess: (told) => saved(`${trial.id}-score.json`, JSON.stringify(told), "application/json"),
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  return (
    <span className="row">
      {trial.plan && (
        <>
          <a className="btn" href={`/v1/trials/${trial.id}/report`} target="_blank" rel="noreferrer" title={t.trials.reportHint}><FileText size={15} aria-hidden /> {t.trials.report}</a>
          <Button title={t.trials.scoreHint} disabled={score.isPending} onClick={() => score.mutate()}><Download size={15} aria-hidden /> {t.trials.score}</Button>
        </>
      )}
      {may && <Button kind="danger" onClick={() => setSure(true)}><Trash2 size={15} aria-hidden /> {t.trials.takeBack}</Button>}
      {sure && (
        <Dialog title={t.trials.takeBack} onClose={() => setSure(false)} foot={<><Button onClick={() => setSure(false)}>{t.cancel}</Button><Button kind="primary" disabled={away.isPending} onClick={() => away.mutate()}>{t.trials.takeBack}</Button></>}>
          <p>{t.trials.takeBackSure}</p>
        </Dialog>
      )}
    </span>
  );
}
