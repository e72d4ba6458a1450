/** A rule, filled in; what the server refuses stands at its field. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { post, put } from "../../api/http";
import { useKind, useKinds, useOverview } from "../../api/queries";
import type { Rule } from "../../api/types";
import { useToast } from "../../app/toasts";
import { Button, Dialog, Field, Loading, Notice, plainName, Segmented, sentence } from "../../design/parts";
import { faultsOf } from "../../lib/faults";
import { pretty, words } from "../../lib/units";
import { t } from "../../texts";
import { bodyOf, draftOf, FIELDS, watchable, type Draft } from "./rule";

export function RuleForm({ rule, onClose }: { rule: Rule | undefined; onClose: () => void }) {
  const twins = useOverview().data?.items ?? [];
  const kinds = useKinds().data?.items ?? [];
  const [draft, setDraft] = useState(() => draftOf(rule, twins[0]?.kind ?? ""));
  const set = (some: Partial<Draft>) => setDraft((before) => ({ ...before, ...some }));
  const kind = useKind(draft.kind || undefined).data;
  const watched = kind ? watchable(kind, draft.on) : [];
  const of = watched.some((one) => one.name === draft.of) ? draft.of : (watched[0]?.name ?? "");
  const unit = pretty(watched.find((one) => one.name === of)?.unit ?? "");
  const limitUnit = unit === "1" ? "" : unit;
  const client = useQueryClient();
  const tell = useToast();
  const send = useMutation({
    mutationFn: (): Promise<unknown> => {
      const body = bodyOf({ ...draft, of });
      if (!rule) return post("/v1/alert-rules", { body });
      return put("/v1/alert-rules/{rule_id}", { path: { rule_id: rule.id }, body, headers: { "If-Match": `"${rule.tag}"` } });
    },
    onSuccess: () => (tell(t.rules.saved), onClose()),
    onSettled: () => void client.invalidateQueries({ queryKey: ["rules"] }),
  });
  const faults = faultsOf(send.error, FIELDS);
  const line = (name: keyof Draft, label: string, at: string, more: { unit?: string; hint?: string; type?: string } = {}) => (
    <Field label={label} unit={more.unit} hint={more.hint} fault={faults.at[at]}>
      {(ids) => <input {...ids} className="input num" type={more.type ?? "number"} step="any" value={String(draft[name])} onChange={(e) => set({ [name]: e.target.value })} />}
    </Field>
  );
  const choice = (name: keyof Draft, label: string, options: readonly (readonly [string, ReactNode])[], value = String(draft[name]), at: string = name) => (
    <Field label={label} fault={faults.at[at]}>
      {(ids) => (
        <select {...ids} className="input" value={value} disabled={!!rule && (name === "kind" || name === "twin")} onChange={(e) => set({ [name]: e.target.value })}>
          {options.map(([key, shown]) => <option key={key} value={key}>{shown}</option>)}
        </select>
      )}
    </Field>
  );
  const mine = twins.filter((twin) => twin.kind === draft.kind);
  return (
    <Dialog
      title={rule ? `${t.rules.change}: ${rule.name}` : t.rules.add}
      onClose={onClose}
      foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" type="submit" form="rule" disabled={send.isPending || !kind}>{t.save}</Button></>}
    >
      <form id="rule" className="stack" noValidate onSubmit={(e) => (e.preventDefault(), send.mutate())}>
        {faults.rest && <Notice tone="bad">{sentence(faults.rest)}</Notice>}
        <Field label={t.rules.name} fault={faults.at.name}>
          {(ids) => <input {...ids} className="input" value={draft.name} onChange={(e) => set({ name: e.target.value })} />}
        </Field>
        {!rule && <Segmented<Draft["scope"]> label={t.rules.for} value={draft.scope} options={[["kind", t.rules.every(words(draft.kind || "…"))], ["twin", t.rules.one]]} onChange={(scope) => set({ scope, twin: draft.twin || (mine[0]?.id ?? "") })} />}
        <div className="form-grid">
          {choice("kind", t.rules.kind, kinds.map((k) => [k.name, words(k.name)] as const))}
          {draft.scope === "twin" && choice("twin", t.rules.twin, mine.map((twin) => [twin.id, plainName(twin.subject)] as const))}
        </div>
        {!kind ? <Loading height={120} /> : (
          <>
            <div className="form-grid">
              {choice("on", t.rules.on, Object.entries(t.rules.ons))}
              {choice("of", t.rules.quantity, watched.map((one) => [one.name, one.meaning || words(one.name)] as const), of)}
            </div>
            <div className="form-grid">
              {draft.on !== "risk" && line("low", t.rules.low, "low", { unit: limitUnit })}
              {draft.on !== "risk" && line("high", t.rules.high, "high", { unit: limitUnit })}
              {draft.on !== "reading" && line("probability", draft.on === "risk" ? t.rules.risk : t.rules.probability, "probability", { hint: "0 – 1" })}
              {draft.on !== "reading" && line("hours", t.rules.hours, "hours", { unit: "h" })}
            </div>
            <div className="form-grid">
              {choice("severity", t.rules.severity, Object.entries(t.severity))}
              {line("escalate", t.rules.escalate, "escalate_minutes", { unit: "min" })}
            </div>
            <fieldset className="policy">
              <legend>{t.rules.policy}</legend>
              <label className="row"><input type="checkbox" checked={draft.policy} onChange={(e) => set({ policy: e.target.checked })} /> {t.rules.policyOn}</label>
              <p className="hint">{t.rules.policyHint}</p>
              {draft.policy && (
                <div className="form-grid">
                  {line("persistence", t.rules.persistence, "persistence")}
                  {line("outOf", t.rules.outOf, "outOf")}
                  {line("refractory", t.rules.refractory, "refractory_hours", { unit: "h" })}
                  {line("margin", t.rules.margin, "margin", { unit: draft.on === "reading" ? limitUnit : "" })}
                  {line("silent", t.rules.silent, "silent", { hint: t.rules.silentHint, type: "text" })}
                </div>
              )}
            </fieldset>
          </>
        )}
      </form>
    </Dialog>
  );
}
