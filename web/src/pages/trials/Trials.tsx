/** Trials: a new one from a protocol and a history, and those that there are. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";
import { post, Problem } from "../../api/http";
import { useMay } from "../../api/queries";
import { Button, Card, Chip, Empty, Loaded, Notice, sentence } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago } from "../../lib/time";
import { t } from "../../texts";
import { PROTOCOL } from "../../texts/trials";
import { FilePick } from "./FilePick";
import { textOf, useTrials, type Glance } from "./trial";
import "./trials.css";

export default function Trials() {
  const trials = useTrials();
  const may = useMay("trials:write");
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.trials.title}</h1>
          <p className="sub">{t.trials.sub}</p>
        </div>
      </div>
      <div className="trials-grid">
        {may && <NewTrial />}
        <Card title={t.trials.title} body={false}>
          <Loaded query={trials} height={200}>
            {({ items }) => (items.length === 0 ? <Empty title={t.trials.none}><p>{t.trials.noneText}</p></Empty> : <Table trials={items} />)}
          </Loaded>
        </Card>
      </div>
    </div>
  );
}

function Table({ trials }: { trials: Glance[] }) {
  const now = useNow();
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.trials.trial}</th>
            <th scope="col">{t.trials.outcome}</th>
            <th scope="col" className="r">{t.trials.patients}</th>
            <th scope="col" className="r">{t.trials.plain}</th>
            <th scope="col">{t.trials.state}</th>
            <th scope="col" className="r">{t.trials.changed}</th>
          </tr>
        </thead>
        <tbody>
          {trials.map((trial) => (
            <tr key={trial.id}>
              <td className="subject"><Link href={`/trials/${trial.id}`} className="strong">{trial.title}</Link></td>
              <td>{trial.outcome}</td>
              <td className="r">{trial.size?.total ?? "–"}</td>
              <td className="r">{trial.covariates?.total ?? "–"}</td>
              <td>{trial.analysed ? <Chip tone="good">{t.trials.states.analysed}</Chip> : trial.size ? <Chip tone="accent">{t.trials.states.planned}</Chip> : <Chip>{t.trials.states.queued}</Chip>}</td>
              <td className="r nowrap">{ago(Date.parse(trial.changed), now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewTrial() {
  const [protocol, setProtocol] = useState<File | null>(null);
  const [history, setHistory] = useState<File | null>(null);
  const [lacking, setLacking] = useState(false);
  const [, go] = useLocation();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: async () => {
      const told = await textOf(protocol!);
      const body = { protocol: told.text, protocol_name: told.name, history: await textOf(history!) };
      return post("/v1/trials", { body });
    },
    onSuccess: (trial) => {
      void client.invalidateQueries({ queryKey: ["trials"] });
      go(`/trials/${trial.id}`);
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    setLacking(!protocol || !history);
    if (protocol && history) make.mutate();
  };
  const chosen = (set: (file: File) => void) => (file: File) => {
    set(file);
    make.reset();
    setLacking(false);
  };
  return (
    <Card title={t.trials.fresh} note={t.trials.kept}>
      <form className="stack" onSubmit={send}>
        <FilePick label={t.trials.protocol} hint={t.trials.protocolHint} accept=".yaml,.yml,.json,.txt" file={protocol} onFile={chosen(setProtocol)} />
        <FilePick label={t.trials.history} hint={t.trials.historyHint} accept=".csv,.txt" file={history} onFile={chosen(setHistory)} />
        {lacking && <Notice tone="bad">{t.trials.lacking}</Notice>}
        {make.error && <Refusal error={make.error} />}
        <div className="row">
          <Button type="submit" kind="primary" disabled={make.isPending}>{make.isPending ? t.trials.checking : t.trials.go}</Button>
        </div>
        <details>
          <summary>{t.trials.example}</summary>
          <pre className="trial-example" tabIndex={0} aria-label={t.trials.example}>{PROTOCOL}</pre>
          <Button small onClick={() => saved("protocol.yaml", PROTOCOL, "text/yaml")}><Download size={14} aria-hidden /> {t.trials.exampleSave}</Button>
        </details>
      </form>
    </Card>
  );
}

/** What is wrong with a file, where in it, and the fix. */
export function Refusal({ error }: { error: unknown }) {
  const said = error instanceof Problem ? error : new Problem(0, String((error as Error)?.message ?? error));
  return (
    <Notice tone="bad">
      {said.where && <><b>{said.where}</b>: </>}
      {sentence(said.detail)} {said.fix && sentence(said.fix)}
    </Notice>
  );
}

export function saved(name: string, text: string, type: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
