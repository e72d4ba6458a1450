/** Where a twin is; who may, says it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { MapPin } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { put } from "../../api/http";
import { useMay } from "../../api/queries";
import { useToast } from "../../app/toasts";
import { Button, Dialog, Field } from "../../design/parts";
import { faultsOf } from "../../lib/faults";
import { t } from "../../texts";

export function Place({ twin, place, bed }: { twin: string; place: string; bed: string }) {
  const may = useMay("twins:write");
  const [asking, setAsking] = useState(false);
  const said = [place, bed].filter(Boolean).join(", ");
  if (!place && !may) return null;
  return (
    <span className="row" style={{ gap: 4 }}>
      {place && <Link href={`/unit/${encodeURIComponent(place)}`} className="inline">{said}</Link>}
      {may && (
        <Button small kind="quiet" icon={!!place} aria-label={t.unit.where} title={t.unit.where} onClick={() => setAsking(true)}>
          <MapPin size={13} aria-hidden /> {!place && t.unit.where}
        </Button>
      )}
      {asking && <Ask twin={twin} place={place} bed={bed} onClose={() => setAsking(false)} />}
    </span>
  );
}

function Ask({ twin, place, bed, onClose }: { twin: string; place: string; bed: string; onClose: () => void }) {
  const [where, setWhere] = useState({ place, bed });
  const client = useQueryClient();
  const tell = useToast();
  const send = useMutation({
    mutationFn: () => put("/v1/twins/{twin_id}/place", { path: { twin_id: twin }, body: where }),
    onSuccess: () => {
      tell(t.unit.put);
      void client.invalidateQueries({ queryKey: ["overview"] });
      onClose();
    },
  });
  const faults = faultsOf(send.error, ["place", "bed"]);
  return (
    <Dialog title={t.unit.where} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" type="submit" form="place" disabled={send.isPending}>{t.save}</Button></>}>
      <form id="place" className="stack" noValidate onSubmit={(e) => (e.preventDefault(), send.mutate())}>
        <Field label={t.unit.wherePlace} fault={faults.at.place ?? (faults.rest || undefined)}>
          {(ids) => <input {...ids} className="input" value={where.place} onChange={(e) => setWhere({ ...where, place: e.target.value })} />}
        </Field>
        <Field label={t.unit.whereBed} fault={faults.at.bed}>
          {(ids) => <input {...ids} className="input" value={where.bed} onChange={(e) => setWhere({ ...where, bed: e.target.value })} />}
        </Field>
      </form>
    </Dialog>
  );
}
