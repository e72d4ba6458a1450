/** Jobs: what takes longer than an answer should, how far it is, and what came of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Square } from "lucide-react";
import { Link } from "wouter";
import { post } from "../api/http";
import { useJobs, useMay, useOverview } from "../api/queries";
import type { Job } from "../api/types";
import { reasonOf, useToast } from "../app/toasts";
import { Button, Card, Chip, Empty, Loaded, plainName, sentence } from "../design/parts";
import { useNow } from "../lib/now";
import { ago } from "../lib/time";
import { percent, words } from "../lib/units";
import { t } from "../texts";

const TONE: Record<string, "" | "good" | "bad" | "accent"> = { done: "good", failed: "bad", running: "accent" };

export default function Jobs() {
  const jobs = useJobs();
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.jobs.title}</h1>
          <p className="sub">{t.jobs.sub}</p>
        </div>
      </div>
      <Card body={false}>
        <Loaded query={jobs} height={240}>
          {({ items }) => (items.length === 0 ? <Empty title={t.jobs.none}><p>{t.jobs.noneText}</p></Empty> : <Table jobs={items} />)}
        </Loaded>
      </Card>
    </div>
  );
}

function Table({ jobs }: { jobs: Job[] }) {
  const now = useNow(5000);
  const twins = useOverview().data?.items ?? [];
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.jobs.job}</th><th scope="col">{t.home.subject}</th><th scope="col">{t.home.status}</th><th scope="col">{t.jobs.outcome}</th><th scope="col" className="r">{t.jobs.begun}</th><th scope="col" className="r">{t.jobs.took}</th><th scope="col"><span className="unseen">{t.cancel}</span></th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => {
            const twin = twins.find((one) => one.id === job.twin);
            return (
              <tr key={job.id}>
                <td className="strong">{words(job.type)}</td>
                <td className="subject">{job.twin ? <Link href={`/twins/${job.twin}`}>{plainName(twin?.subject ?? job.twin)}</Link> : words(String(job.arguments.kind ?? "–"))}</td>
                <td><State job={job} /></td>
                <td className="small muted">{outcome(job)}</td>
                <td className="r nowrap">{ago(Date.parse(job.created), now)}</td>
                <td className="r nowrap">{took(job, now)}</td>
                <td className="r"><Cancel job={job} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function State({ job }: { job: Job }) {
  return (
    <span className="row" style={{ flexWrap: "nowrap" }}>
      <Chip tone={TONE[job.state] ?? ""}>{t.jobs.states[job.state as keyof typeof t.jobs.states] ?? job.state}</Chip>
      {job.state === "running" && (
        <>
          <span className="bar" role="progressbar" aria-label={words(job.type)} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * job.progress)} style={{ width: 90 }}>
            <i style={{ width: `${100 * job.progress}%` }} />
          </span>
          <span className="num small">{percent(job.progress)}</span>
        </>
      )}
    </span>
  );
}

function Cancel({ job }: { job: Job }) {
  const may = useMay("jobs:write");
  const client = useQueryClient();
  const tell = useToast();
  const cancel = useMutation({
    mutationFn: () => post("/v1/jobs/{job_id}/cancel", { path: { job_id: job.id } }),
    onSuccess: () => {
      tell(t.jobs.cancelled);
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  if (!may || (job.state !== "queued" && job.state !== "running")) return null;
  return (
    <Button small disabled={cancel.isPending} onClick={() => cancel.mutate()}>
      <Square size={12} aria-hidden /> {t.cancel}
    </Button>
  );
}

function outcome(job: Job): string {
  if (job.error) return sentence([job.error.what, job.error.fix].filter(Boolean).join(": ") || Object.values(job.error).join(" "));
  const result = job.result as { basis?: { sentence?: string }; claims?: unknown[] } | null;
  return result?.basis?.sentence ?? (result?.claims ? t.jobs.claims(result.claims.length) : "");
}

function took(job: Job, now: number): string {
  if (!job.started) return "–";
  const s = ((job.ended ? Date.parse(job.ended) : now) - Date.parse(job.started)) / 1000;
  return s < 90 ? `${Math.max(s, 0).toFixed(0)} s` : `${(s / 60).toFixed(1)} min`;
}
