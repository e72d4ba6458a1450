/** A new twin from an export: looked at first, with what would be kept aside and why; then made, filled, calibrated. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileCheck2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { post, Problem, put } from "../../api/http";
import { useKind, useKinds } from "../../api/queries";
import type { Found, Kind } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Field, Notice, sentence } from "../../design/parts";
import { words } from "../../lib/units";
import { t } from "../../texts";
import { SchemaFields } from "../whatif/ActionForm";
import { newStep, type Value } from "../whatif/plan";
import { Drop } from "./Drop";

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONES = [...new Set([here, "UTC", ...Intl.supportedValuesOf("timeZone")])];

export function NewTwin() {
  const kinds = useKinds().data?.items.filter((k) => !k.error) ?? [];
  const [name, setName] = useState("metabolic");
  const [zone, setZone] = useState(here);
  const [unit, setUnit] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const kind = useKind(name).data;
  const look = useMutation({
    mutationFn: ({ file, zone, unit, kind }: { file: File; zone: string; unit: string; kind: string }) => post("/v1/files", { query: { name: file.name, kind, zone, unit }, body: file }),
  });
  const again = (some: Partial<{ file: File; zone: string; unit: string; kind: string }>) => {
    const next = { file: some.file ?? file, zone: some.zone ?? zone, unit: some.unit ?? unit, kind: some.kind ?? name };
    setFile(next.file);
    setZone(next.zone);
    setUnit(next.unit);
    setName(next.kind);
    if (next.file) look.mutate({ ...next, file: next.file });
  };
  const problem = look.error instanceof Problem ? look.error : null;
  return (
    <Card title={t.data.newTwin}>
      <div className="stack">
        <div className="form-grid">
          <Field label={t.home.kind}>
            {(ids) => (
              <select {...ids} className="input" value={name} onChange={(e) => again({ kind: e.target.value })}>
                {kinds.map((k) => <option key={k.name} value={k.name}>{words(k.name)}</option>)}
              </select>
            )}
          </Field>
          <Field label={t.data.zone}>
            {(ids) => (
              <select {...ids} className="input" value={zone} onChange={(e) => again({ zone: e.target.value })}>
                {ZONES.map((z) => <option key={z}>{z}</option>)}
              </select>
            )}
          </Field>
          <Field label={t.data.unit}>
            {(ids) => (
              <select {...ids} className="input" value={unit} onChange={(e) => again({ unit: e.target.value })}>
                <option value="">{t.data.fileSays}</option>
                <option>mg/dL</option>
                <option>mmol/L</option>
              </select>
            )}
          </Field>
        </div>
        {kind && <p className="small muted">{kind.context_of_use.question}</p>}
        <Drop onFile={(f) => again({ file: f })} busy={look.isPending} name={file?.name} />
        {problem && (
          <Notice tone="bad">
            <b>{problem.where || file?.name}</b>: {sentence(problem.detail)} {sentence(problem.fix)}
          </Notice>
        )}
        {look.data && <Preview found={look.data} />}
        {kind && <Make key={kind.name} kind={kind} file={look.data ? file : null} found={look.data} zone={zone} unit={unit} />}
      </div>
    </Card>
  );
}

export function Preview({ found }: { found: Found }) {
  return (
    <div className="preview" role="region" aria-label={t.data.found}>
      <p className="row strong"><FileCheck2 size={16} color="var(--good)" aria-hidden /> {found.sentences[0]}</p>
      <ul className="notes">{found.sentences.slice(1).map((s) => <li key={s}>{sentence(s)}</li>)}</ul>
      {found.examples.length > 0 && (
        <details className="small">
          <summary>{t.data.wouldKeep(found.kept_aside)}</summary>
          <ul className="notes">
            {found.examples.map((e, i) => (
              <li key={i}>
                {t.data.line(Number(e.line))}: {String(e.reason)}. {String(e.fix)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface MakeProps {
  kind: Kind;
  file: File | null;
  found: Found | undefined;
  zone: string;
  unit: string;
}
function Make({ kind, file, found, zone, unit }: MakeProps) {
  const [subject, setSubject] = useState("");
  const [fields, setFields] = useState<Record<string, Value>>(() => required(kind));
  const [all, setAll] = useState(false);
  const [live, setLive] = useState(true);
  const [, go] = useLocation();
  const client = useQueryClient();
  const tell = useToast();
  const make = useMutation({
    mutationFn: async () => {
      const given = Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null && v !== ""));
      const twin = await post("/v1/twins", { body: { kind: kind.name, subject, zone, fields: given, origin: found?.first ?? undefined } });
      if (file) await post("/v1/twins/{twin_id}/files", { path: { twin_id: twin.id }, query: { name: file.name, zone, unit }, body: file });
      if (file && live) await put("/v1/twins/{twin_id}/following", { path: { twin_id: twin.id }, body: { hours: 3 } });
      return twin;
    },
    onSuccess: (twin) => {
      tell(t.data.made(subject));
      void client.invalidateQueries({ queryKey: ["overview"] });
      go(`/twins/${twin.id}`);
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  const problem = make.error instanceof Problem ? make.error : null;
  const at = problem && /(\w+)$/.exec(problem.where)?.[1];
  const said = problem ? `${problem.detail}${problem.fix ? `: ${problem.fix}` : ""}` : "";
  const known = at !== null && at !== undefined && at in kind.subject.properties;
  const shown = all ? kind.subject : { ...kind.subject, properties: Object.fromEntries(Object.entries(kind.subject.properties).slice(0, 4)) };
  return (
    <form
      className="stack"
      onSubmit={(e) => {
        e.preventDefault();
        make.mutate();
      }}
    >
      <div className="form-grid">
        <Field label={t.data.subject} hint={t.data.pseudonym} fault={problem && !known && /subject|create twin/.test(problem.where) ? said : undefined}>
          {(ids) => <input {...ids} className="input" required maxLength={200} value={subject} onChange={(e) => setSubject(e.target.value)} />}
        </Field>
        <SchemaFields schema={shown} values={fields} onChange={setFields} faults={known && at ? { [at]: said } : {}} />
      </div>
      {Object.keys(kind.subject.properties).length > 5 && !all && (
        <div>
          <Button small kind="quiet" onClick={() => setAll(true)}>{t.data.moreFields}</Button>
        </div>
      )}
      <div className="row">
        <Button type="submit" kind="primary" disabled={make.isPending || !subject}>
          {make.isPending ? t.data.making : file ? t.data.makeFrom : t.data.make}
        </Button>
        {file && (
          <label className="toggle">
            <input type="checkbox" checked={live} onChange={(e) => setLive(e.target.checked)} /> {t.data.alsoFollow}
          </label>
        )}
      </div>
    </form>
  );
}

/** What must be said of a subject: nothing is made up that could be left out. */
function required(kind: Kind): Record<string, Value> {
  const all = newStep(kind.subject, 0).fields;
  return Object.fromEntries(Object.entries(all).filter(([name]) => kind.subject.required?.includes(name) || kind.subject.properties[name]?.enum));
}
