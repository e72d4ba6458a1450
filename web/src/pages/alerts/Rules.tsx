/** When an alert is raised, and where it is told: rules and channels, made, changed, tried and ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BellPlus, ChevronLeft, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { del } from "../../api/http";
import { useKind, useMay, useOverview, useRules } from "../../api/queries";
import type { Rule } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Dialog, Empty, Loaded, plainName, Severity } from "../../design/parts";
import { called, words } from "../../lib/units";
import { t } from "../../texts";
import { Channels } from "./Channels";
import { saidOf } from "./rule";
import { RuleForm } from "./RuleForm";
import "./rules.css";

export default function Rules() {
  const may = useMay("rules:write");
  return (
    <div className="page">
      <div className="page-head">
        <Link href="/alerts" className="btn icon quiet" aria-label={t.rules.back}>
          <ChevronLeft size={18} aria-hidden />
        </Link>
        <div>
          <h1>{t.rules.title}</h1>
          <p className="sub">{t.rules.sub}</p>
        </div>
      </div>
      <InForce may={may} />
      {may && <Channels />}
    </div>
  );
}

function InForce({ may }: { may: boolean }) {
  const rules = useRules();
  const [asked, setAsked] = useState<{ change?: Rule; end?: Rule } | null>(null);
  return (
    <Card title={t.rules.rules} body={false} actions={may && <Button small onClick={() => setAsked({})}><BellPlus size={14} aria-hidden /> {t.rules.add}</Button>}>
      <Loaded query={rules} height={160}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.rules.noRules}><p>{t.rules.noRulesText}</p></Empty>
          ) : (
            <div className="scroll">
              <table className="table rules">
                <thead><tr><th scope="col">{t.rules.name}</th><th scope="col">{t.rules.for}</th><th scope="col">{t.rules.of}</th><th scope="col">{t.rules.when}</th><th scope="col">{t.rules.severity}</th><th scope="col"><span className="unseen">{t.rules.change}</span></th></tr></thead>
                <tbody>{items.map((rule) => <Line key={rule.id} rule={rule} may={may} onChange={() => setAsked({ change: rule })} onEnd={() => setAsked({ end: rule })} />)}</tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      {asked?.end && <End rule={asked.end} onClose={() => setAsked(null)} />}
      {asked && !asked.end && <RuleForm rule={asked.change} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function Line({ rule, may, onChange, onEnd }: { rule: Rule; may: boolean; onChange: () => void; onEnd: () => void }) {
  const kind = useKind(rule.kind).data;
  const twin = useOverview().data?.items.find((item) => item.id === rule.twin);
  const of = String(rule.body.of);
  const watched = [...(kind?.observables ?? []), ...(kind?.quantities ?? [])].find((one) => one.name === of);
  return (
    <tr>
      <td className="strong name">{rule.name}</td>
      <td>{rule.twin === null ? t.rules.every(words(rule.kind)) : <Link href={`/twins/${rule.twin}`} className="inline">{plainName(twin?.subject ?? rule.twin)}</Link>}</td>
      <td title={watched?.meaning}>{called(kind, of)}, <span className="muted">{t.rules.ons[rule.body.on as keyof typeof t.rules.ons]}</span></td>
      <td className="num">{saidOf(rule, watched?.unit === "1" ? "" : (watched?.unit ?? ""))}</td>
      <td className="how"><Severity of={String(rule.body.severity)} /></td>
      <td className="r nowrap acts">
        {may && (
          <>
            <Button small icon kind="quiet" aria-label={`${t.rules.change}: ${rule.name}`} onClick={onChange}><Pencil size={14} aria-hidden /></Button>
            <Button small icon kind="quiet" aria-label={t.rules.endTitle(rule.name)} onClick={onEnd}><Trash2 size={14} aria-hidden /></Button>
          </>
        )}
      </td>
    </tr>
  );
}

function End({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const client = useQueryClient();
  const tell = useToast();
  const end = useMutation({
    mutationFn: () => del("/v1/alert-rules/{rule_id}", { path: { rule_id: rule.id } }),
    onSuccess: () => (tell(t.rules.ended), onClose()),
    onError: (error) => tell(reasonOf(error), "bad"),
    onSettled: () => void client.invalidateQueries({ queryKey: ["rules"] }),
  });
  return (
    <Dialog title={t.rules.endTitle(rule.name)} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" disabled={end.isPending} onClick={() => end.mutate()}>{t.rules.end}</Button></>}>
      <p>{t.rules.endText}</p>
    </Dialog>
  );
}
