/** Programmed stimulation of a twin's heart: asked as a job, its sequences shown as they are tried, and what came of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, Problem } from "../api/http";
import { useJobs, useMay } from "../api/queries";
import type { Job, StimulationPanel } from "../api/types";
import { reasonOf, useToast } from "../app/toasts";
import { Button, Card, Chip, Field, Notice, sentence } from "../design/parts";
import { ago } from "../lib/time";
import { percent, words } from "../lib/units";
import { t } from "../texts";
import type { PanelProps } from "./registry";
import "./stimulation.css";

interface Found {
  tried: { coupling_ms: number[]; captured: boolean; lasted_ms: number }[];
  inducible?: boolean;
  basis?: { sentence: string };
  notes?: string[];
  disclaimer?: string;
}
const NUMBERS = { first: { label: t.stimulation.first, unit: "ms" }, extra: { label: t.stimulation.extra, unit: "" }, isthmus: { label: t.stimulation.isthmus, unit: "mm" } } as const;
type Name = keyof typeof NUMBERS;

export default function Stimulation({ twin, panel: described, now }: PanelProps) {
  const panel = described as StimulationPanel;
  const may = useMay("jobs:write");
  const client = useQueryClient();
  const tell = useToast();
  const [site, setSite] = useState(panel.sites[0]!);
  const [given, setGiven] = useState<Record<Name, string>>({ first: "400", extra: "2", isthmus: "0" });
  const job = useJobs().data?.items.filter((one) => one.type === "stimulate" && one.twin === twin.id).sort((a, b) => Date.parse(b.created) - Date.parse(a.created))[0];
  const runs = job?.state === "queued" || job?.state === "running";
  const again = () => void client.invalidateQueries({ queryKey: ["jobs"] });
  const start = useMutation({
    mutationFn: () => post("/v1/jobs", { body: { type: "stimulate", twin: twin.id, arguments: { site, ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Number(value)])) } } }),
    onSuccess: () => (tell(t.stimulation.queued), again()),
  });
  const cancel = useMutation({
    mutationFn: () => post("/v1/jobs/{job_id}/cancel", { path: { job_id: job!.id } }),
    onSuccess: () => (tell(t.jobs.cancelled), again()),
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  if (twin.belief === null) return <Card title={panel.title}><p className="muted">{t.stimulation.noBelief}</p></Card>;
  const problem = start.error instanceof Problem ? start.error : null;
  const fault = (name: string) => (problem?.where === `arguments.${name}` ? `${sentence(problem.detail)} ${sentence(problem.fix)}` : "");
  const placed = (["site", ...Object.keys(NUMBERS)] as string[]).some(fault);
  return (
    <Card title={panel.title} body={false} note={t.stimulation.intro}>
      {may && (
        <form className="stimulation-form no-print" noValidate onSubmit={(e) => (e.preventDefault(), start.mutate())}>
          <Field label={t.stimulation.site} fault={fault("site")}>
            {(ids) => <select {...ids} className="input" value={site} onChange={(e) => setSite(e.target.value)}>{panel.sites.map((one) => <option key={one} value={one}>{words(one)}</option>)}</select>}
          </Field>
          {(Object.keys(NUMBERS) as Name[]).map((name) => (
            <Field key={name} label={NUMBERS[name].label} unit={NUMBERS[name].unit} fault={fault(name)}>
              {(ids) => <input {...ids} className="input num" type="number" step="any" required value={given[name]} onChange={(e) => setGiven({ ...given, [name]: e.target.value })} />}
            </Field>
          ))}
          <Button type="submit" disabled={runs || start.isPending}>{t.stimulation.start}</Button>
        </form>
      )}
      {start.error && !placed && <div className="body"><Notice tone="bad">{reasonOf(start.error)}</Notice></div>}
      {job ? <Ran job={job} now={now} stop={may && runs ? () => cancel.mutate() : undefined} /> : <div className="body"><p className="muted">{t.stimulation.none}</p></div>}
    </Card>
  );
}

function Ran({ job, now, stop }: { job: Job; now: number; stop?: () => void }) {
  const found = job.result as Found | null;
  const most = Number(job.arguments.lasting ?? 1000);
  return (
    <>
      <div className="body stack">
        <div className="row">
          <Chip tone={job.state === "failed" ? "bad" : job.state === "done" ? "good" : "accent"}>{t.jobs.states[job.state as keyof typeof t.jobs.states] ?? job.state}</Chip>
          {job.state === "running" && (
            <>
              <span className="bar" role="progressbar" aria-label={t.stimulation.progress} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * job.progress)} style={{ width: 120 }}><i style={{ width: `${100 * job.progress}%` }} /></span>
              <span className="num small">{percent(job.progress)}</span>
            </>
          )}
          <span className="small muted">{t.stimulation.asked(String(job.arguments.site ?? "right apex"), ago(Date.parse(job.created), now))}</span>
          <span className="spring" />
          {stop && <Button small onClick={stop}>{t.cancel}</Button>}
        </div>
        {job.error && <Notice tone="bad">{sentence(job.error.what ?? "")} {sentence(job.error.fix ?? "")}</Notice>}
        {found?.basis && <Notice tone={found.inducible ? "warn" : ""}>{sentence(found.basis.sentence)}</Notice>}
      </div>
      {found && found.tried.length > 0 && <Tried tried={found.tried} most={most} />}
      {found?.notes && <div className="note">{[...found.notes, found.disclaimer ?? ""].map((line) => <p key={line}>{sentence(line)}</p>)}</div>}
    </>
  );
}

function Tried({ tried, most }: { tried: Found["tried"]; most: number }) {
  return (
    <div className="scroll">
      <table className="table stimulation-table" aria-label={t.stimulation.table}>
        <thead>
          <tr><th scope="col">{t.stimulation.coupling}</th><th scope="col">{t.stimulation.captured}</th><th scope="col" className="r">{t.stimulation.lasted}</th><th scope="col" title={t.stimulation.dashed(most)}><span className="unseen">{t.stimulation.dashed(most)}</span></th></tr>
        </thead>
        <tbody>
          {tried.map((one) => (
            <tr key={one.coupling_ms.join("+")}>
              <th scope="row" className="num">{one.coupling_ms.join(" + ")}</th>
              <td>{one.captured ? t.stimulation.yes : t.stimulation.no}</td>
              <td className="r num">{one.lasted_ms}</td>
              <td><span className="stimulation-bar" aria-hidden data-captured={one.captured} style={{ width: `${Math.min(100, (100 * one.lasted_ms) / most)}%` }} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
