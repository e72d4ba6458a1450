/** How do you know: this twin's own past forecasts against what came, its kind's claims, what it is for and not for. */
import { useMutation } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { post } from "../../api/http";
import { useCalibration, useMay } from "../../api/queries";
import type { Kind, Lead, Twin } from "../../api/types";
import { useSettings } from "../../app/settings";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Chip, Empty, Loaded, Notice, sentence } from "../../design/parts";
import { called, number, percent, shown, signed } from "../../lib/units";
import { t } from "../../texts";
import { Claims, Credibility } from "../kinds/claims";
import "./trust.css";

export default function Trust({ twin, kind }: { twin: Twin; kind: Kind }) {
  return (
    <div className="trust">
      <div className="stack">
        <Own twin={twin} kind={kind} />
        <Claims kind={kind} />
      </div>
      <Credibility kind={kind} />
    </div>
  );
}

function Own({ twin, kind }: { twin: Twin; kind: Kind }) {
  const calibration = useCalibration(twin.id);
  const may = useMay("jobs:write");
  const tell = useToast();
  const again = useMutation({
    mutationFn: () => post("/v1/jobs", { body: { type: "calibrate", twin: twin.id, arguments: {} } }),
    onSuccess: () => tell(t.twin.started),
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  return (
    <Card title={t.trust.own} body={false} note={t.trust.ownNote}>
      <Loaded query={calibration} height={140}>
        {({ items, drift, proposal }) =>
          items.length === 0 ? (
            <Empty title={t.trust.notYet}>
              <p>{t.trust.notYetText}</p>
            </Empty>
          ) : (
            <>
              <p className="verdict">
                <Verdict items={items} drift={drift} />
              </p>
              {proposal && (
                <div className="body">
                  <Notice tone="warn">
                    {sentence(proposal)}{" "}
                    {may && <Button small disabled={again.isPending} onClick={() => again.mutate()}>{t.trust.recalibrate}</Button>}
                  </Notice>
                </div>
              )}
              <div className="scroll">
                <table className="table">
                  <thead>
                    <tr>
                      <th scope="col">{t.trust.lead}</th>
                      <th scope="col" className="r">{t.trust.n}</th>
                      <th scope="col">{t.trust.in90}</th>
                      <th scope="col">{t.trust.in50}</th>
                      <th scope="col" className="r">{t.trust.bias}</th>
                      <th scope="col" className="r">{t.trust.rmse}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((lead, i) => <LeadRow key={i} lead={lead} kind={kind} />)}
                  </tbody>
                </table>
              </div>
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function Verdict({ items, drift }: { items: Lead[]; drift: boolean }) {
  const told = drift ? items.filter((lead) => lead.drift) : items;
  const n = told.reduce((sum, lead) => sum + lead.n, 0);
  const inside = told.reduce((sum, lead) => sum + lead.n * lead.in90, 0) / Math.max(n, 1);
  return drift ? (
    <><CircleX size={17} color="var(--bad)" aria-hidden /> {t.trust.drifts(percent(inside))}</>
  ) : (
    <><CircleCheck size={17} color="var(--good)" aria-hidden /> {t.trust.holds(percent(inside), n)}</>
  );
}

function LeadRow({ lead, kind }: { lead: Lead; kind: Kind }) {
  const { settings } = useSettings();
  const as = shown(kind.observables.find((o) => o.name === lead.observable)?.unit ?? "", kind, settings.glucose);
  const ahead = lead.lead === 0 ? t.trust.next : t.trust.ahead(lead.lead >= 3600 ? `${lead.lead / 3600} h` : `${lead.lead / 60} min`);
  return (
    <tr>
      <td>{called(kind, lead.observable)}, {ahead} {lead.drift && <Chip tone="bad">{t.trust.drift}</Chip>}</td>
      <td className="r">{lead.n}</td>
      <td><Coverage share={lead.in90} wanted={0.9} /></td>
      <td><Coverage share={lead.in50} wanted={0.5} /></td>
      <td className="r nowrap">{signed(lead.bias * as.factor, as.digits >= 0 ? 1 : -1)} {as.unit}</td>
      <td className="r nowrap">{number(lead.rmse * as.factor, as.digits >= 0 ? 1 : -1)} {as.unit}</td>
    </tr>
  );
}

function Coverage({ share, wanted }: { share: number; wanted: number }) {
  return (
    <span className="coverage">
      <svg width="86" height="12" role="img" aria-label={t.trust.of(percent(share), percent(wanted))}>
        <rect x="0" y="3" width="86" height="6" rx="3" fill="var(--sunken)" stroke="var(--line)" />
        <rect x="0" y="3" width={86 * share} height="6" rx="3" fill="var(--forecast)" />
        <line x1={86 * wanted} x2={86 * wanted} y1="0" y2="12" stroke="var(--text)" strokeWidth="1.6" />
      </svg>
      <span className="num">{percent(share)}</span>
    </span>
  );
}
