/** What-ifs under a name on the server: kept, opened, changed, taken back; a link opens one for everybody who may see the twin. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark, Link2, Trash2 } from "lucide-react";
import { useState } from "react";
import { del, get, post, put, Problem } from "../../api/http";
import { useMay } from "../../api/queries";
import type { Twin, WhatIf } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Dialog, Field, sentence } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago } from "../../lib/time";
import { t } from "../../texts";
import { optionsOf, planOf, samePlan, type Plan } from "./plan";

const keyOf = (twin: string) => ["twin", twin, "what-ifs"];
const bodyOf = (name: string, plan: Plan) => ({ name, hours: plan.hours, options: optionsOf(plan), goal: plan.goal });

export const useSaved = (twin: string) =>
  useQuery({ queryKey: keyOf(twin), queryFn: ({ signal }) => get("/v1/twins/{twin_id}/what-ifs", { path: { twin_id: twin }, signal }) });

/** One that a link names. */
export const useOne = (id: string) =>
  useQuery({ queryKey: ["what-if", id], queryFn: ({ signal }) => get("/v1/what-ifs/{what_if}", { path: { what_if: id }, signal }), enabled: id !== "", retry: false });

interface Props {
  twin: Twin;
  plan: Plan;
  opened: WhatIf | undefined;
  onOpen: (one: WhatIf, plan: Plan) => void;
  onLeft: () => void; // the opened one is no more
}

export function Toolbar({ twin, plan, opened, onOpen, onLeft }: Props) {
  const saved = useSaved(twin.id);
  const may = useMay("answers:ask");
  const now = useNow();
  const [asking, setAsking] = useState<"save" | WhatIf | null>(null);
  const tell = useToast();
  const share = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      tell(t.whatif.copied);
    } catch {
      tell(t.whatif.notCopied, "bad");
    }
  };
  return (
    <div className="stack no-print">
      <div className="row">
        <h2>{t.whatif.options}</h2>
        <span className="spring" />
        {may && (
          <Button small onClick={() => setAsking("save")}>
            <Bookmark size={14} aria-hidden /> {t.save}
          </Button>
        )}
        <Button small onClick={() => void share()}>
          <Link2 size={14} aria-hidden /> {t.whatif.share}
        </Button>
      </div>
      {(saved.data?.items.length ?? 0) > 0 && (
        <section aria-label={t.whatif.saved}>
          <ul className="saved">
            {saved.data!.items.map((one) => (
              <li key={one.id} data-opened={one.id === opened?.id}>
                <a className="clip" href={`/twins/${twin.id}/what-if?saved=${one.id}`} aria-current={one.id === opened?.id ? "true" : undefined} onClick={(e) => (e.preventDefault(), onOpen(one, planOf(one, now)))}>
                  <Bookmark size={12} aria-hidden /> {one.name}
                  {one.id === opened?.id && !samePlan(plan, planOf(one, now)) && <em className="muted"> {t.whatif.changed}</em>}
                </a>
                <span className="muted small nowrap">{t.whatif.by(one.changed_by, ago(Date.parse(one.changed), now))}</span>
                {may && (
                  <Button small icon kind="quiet" aria-label={t.whatif.dropSaved(one.name)} onClick={() => setAsking(one)}>
                    <Trash2 size={13} aria-hidden />
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {asking === "save" && <Save twin={twin} plan={plan} opened={opened} onDone={(one) => (setAsking(null), one && onOpen(one, plan))} />}
      {asking !== null && asking !== "save" && <Drop one={asking} twin={twin.id} onDone={(gone) => (setAsking(null), gone && asking.id === opened?.id && onLeft())} />}
    </div>
  );
}

function Save({ twin, plan, opened, onDone }: { twin: Twin; plan: Plan; opened: WhatIf | undefined; onDone: (one?: WhatIf) => void }) {
  const [name, setName] = useState(opened?.name ?? plan.choices.map((c) => c.name).join(", "));
  const client = useQueryClient();
  const tell = useToast();
  const save = useMutation<WhatIf, unknown, boolean>({
    mutationFn: (anew) => {
      const body = bodyOf(name.trim(), plan);
      if (opened && !anew) return put("/v1/what-ifs/{what_if}", { path: { what_if: opened.id }, body, headers: { "If-Match": `"${opened.version}"` } });
      return post("/v1/twins/{twin_id}/what-ifs", { path: { twin_id: twin.id }, body });
    },
    onSuccess: (one) => {
      tell(t.whatif.kept);
      void client.invalidateQueries({ queryKey: keyOf(twin.id) });
      onDone(one);
    },
    onError: () => void client.invalidateQueries({ queryKey: keyOf(twin.id) }),
  });
  const fault = save.error instanceof Problem ? `${save.error.detail}${save.error.fix ? `: ${save.error.fix}` : ""}` : save.error ? reasonOf(save.error) : undefined;
  return (
    <Dialog
      title={t.whatif.saveTitle}
      onClose={() => onDone()}
      foot={
        <>
          <Button onClick={() => onDone()}>{t.cancel}</Button>
          {opened && <Button disabled={save.isPending} onClick={() => save.mutate(true)}>{t.whatif.saveNew}</Button>}
          <Button kind="primary" type="submit" form="save" disabled={save.isPending}>{opened ? t.whatif.saveChange : t.save}</Button>
        </>
      }
    >
      <form id="save" className="stack" noValidate onSubmit={(e) => (e.preventDefault(), save.mutate(false))}>
        <Field label={t.whatif.name} hint={t.whatif.saveHint} fault={fault}>
          {(ids) => <input {...ids} className="input" value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}

function Drop({ one, twin, onDone }: { one: WhatIf; twin: string; onDone: (gone: boolean) => void }) {
  const client = useQueryClient();
  const tell = useToast();
  const drop = useMutation({
    mutationFn: () => del("/v1/what-ifs/{what_if}", { path: { what_if: one.id }, headers: { "If-Match": `"${one.version}"` } }),
    onSuccess: () => onDone(true),
    onError: (error) => tell(reasonOf(error), "bad"),
    onSettled: () => void client.invalidateQueries({ queryKey: keyOf(twin) }),
  });
  return (
    <Dialog title={t.whatif.dropSaved(one.name)} onClose={() => onDone(false)} foot={<><Button onClick={() => onDone(false)}>{t.cancel}</Button><Button kind="primary" disabled={drop.isPending} onClick={() => drop.mutate()}>{t.whatif.drop}</Button></>}>
      <p>{sentence(t.whatif.dropText)}</p>
    </Dialog>
  );
}
