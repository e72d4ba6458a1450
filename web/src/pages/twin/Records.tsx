/** A twin's data: files in, what came from where, what was kept aside with its reason, and corrections. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useState } from "react";
import { del, get, post, Problem } from "../../api/http";
import { useAside, useDoubted, useHistory, useMay, useSources } from "../../api/queries";
import type { Kind, Twin } from "../../api/types";
import { useSettings } from "../../app/settings";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Empty, Loaded, Notice, sentence } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago, dayAndClock, full } from "../../lib/time";
import { called, number, pretty, shown, words } from "../../lib/units";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { Drop } from "../data/Drop";
import "../data/data.css";

export default function Records({ twin, kind }: { twin: Twin; kind: Kind }) {
  const may = useMay("records:write");
  return (
    <div className="data-grid">
      <div className="stack">
        {may && <TakeIn twin={twin} />}
        <Aside twin={twin} />
        <Doubted twin={twin} kind={kind} />
        <Readings twin={twin} kind={kind} may={may} />
      </div>
      <div className="stack">
        <Sources twin={twin} />
        <History twin={twin} />
      </div>
    </div>
  );
}

function TakeIn({ twin }: { twin: Twin }) {
  const client = useQueryClient();
  const take = useMutation({
    mutationFn: (file: File) => post("/v1/twins/{twin_id}/files", { path: { twin_id: twin.id }, query: { name: file.name }, body: file }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["twin", twin.id] }),
  });
  const problem = take.error instanceof Problem ? take.error : null;
  return (
    <Card title={t.data.takeIn}>
      <div className="stack">
        <Drop onFile={(file) => take.mutate(file)} busy={take.isPending} />
        {problem && <Notice tone="bad"><b>{problem.where}</b>: {sentence(problem.detail)} {sentence(problem.fix)}</Notice>}
        {take.data && <Notice tone="good">{take.data.sentences.map(sentence).join(" ")}</Notice>}
      </div>
    </Card>
  );
}

function Aside({ twin }: { twin: Twin }) {
  const aside = useAside(twin.id);
  return (
    <Card title={t.data.aside} body={false} note={t.data.asideNote}>
      <Loaded query={aside} height={120}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.data.asideNone} />
          ) : (
            <div className="scroll" style={{ maxHeight: 320 }} tabIndex={0} role="region" aria-label={t.data.aside}>
              <table className="table">
                <thead>
                  <tr><th scope="col">{t.data.source}</th><th scope="col">{t.data.reason}</th><th scope="col">{t.data.fix}</th></tr>
                </thead>
                <tbody>
                  {[...items].reverse().map((row) => (
                    <tr key={row.seq}>
                      <td className="small">{row.source}{row.line ? `, ${t.data.line(row.line)}` : ""}<div className="mono muted clip raw" title={row.raw}>{row.raw}</div></td>
                      <td>{sentence(row.reason)}</td>
                      <td className="muted">{sentence(row.fix)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

/** Readings that contradict each other or what can be; nothing where there are none. */
function Doubted({ twin, kind }: { twin: Twin; kind: Kind }) {
  const items = useDoubted(twin.id).data?.items ?? [];
  const zone = useZone(twin.zone);
  if (items.length === 0) return null;
  return (
    <Card title={t.data.doubted} body={false} note={t.data.doubtedNote}>
      <div className="scroll" style={{ maxHeight: 320 }} tabIndex={0} role="region" aria-label={t.data.doubted}>
        <table className="table">
          <thead>
            <tr><th scope="col">{t.chart.time}</th><th scope="col">{t.data.what}</th><th scope="col" className="r">{t.data.value}</th><th scope="col">{t.data.reason}</th></tr>
          </thead>
          <tbody>
            {items.map((row) => (
              <tr key={`${row.time}${row.observable}`}>
                <td className="num nowrap">{dayAndClock(Date.parse(row.time), zone)}</td>
                <td>{called(kind, row.observable)}</td>
                <td className="r nowrap">{number(row.value)} <span className="muted small">{pretty(row.unit)}</span></td>
                <td>{sentence(row.why)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Sources({ twin }: { twin: Twin }) {
  const sources = useSources(twin.id);
  const now = useNow();
  return (
    <Card title={t.data.sources} body={false}>
      <Loaded query={sources} height={120}>
        {({ items }) =>
          items.length === 0 ? <Empty title={t.data.noSources} /> : (
            <div className="scroll">
              <table className="table">
                <thead>
                  <tr><th scope="col">{t.data.source}</th><th scope="col">{t.data.format}</th><th scope="col" className="r">{t.data.rows}</th><th scope="col" className="r">{t.data.aside}</th><th scope="col" className="r">{t.data.came}</th></tr>
                </thead>
                <tbody>
                  {items.map((source) => (
                    <tr key={source.name + source.format}>
                      <td className="strong">{source.name}</td>
                      <td className="muted">{source.format}</td>
                      <td className="r">{source.readings + source.actions}</td>
                      <td className="r">{source.kept_aside || "–"}</td>
                      <td className="r nowrap">{ago(Date.parse(source.received), now)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

function History({ twin }: { twin: Twin }) {
  const history = useHistory(twin.id);
  const zone = useZone(twin.zone);
  const [all, setAll] = useState(false);
  return (
    <Card title={t.data.history} body={false}>
      <Loaded query={history} height={300}>
        {({ items }) => {
          const wanted = items.filter((h) => all || h.what !== "forecast");
          return (
            <>
              <ol className="happenings">
                {wanted.slice(0, all ? 400 : 40).map((h) => (
                  <li key={`${h.seq}${h.what}`}>
                    <span className="num muted small nowrap" title={full(Date.parse(h.at), zone)}>{dayAndClock(Date.parse(h.at), zone)}</span>
                    <span>
                      <b>{words(h.what)}</b> {h.detail} <span className="muted small">{h.actor}</span>
                    </span>
                  </li>
                ))}
              </ol>
              {!all && items.length > 40 && <Button small kind="quiet" className="more" onClick={() => setAll(true)}>{t.more}</Button>}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

const PAGE = 200;

function Readings({ twin, kind, may }: { twin: Twin; kind: Kind; may: boolean }) {
  const { settings } = useSettings();
  const zone = useZone(twin.zone);
  const client = useQueryClient();
  const tell = useToast();
  const [open, setOpen] = useState(false);
  const pages = useInfiniteQuery({
    queryKey: ["twin", twin.id, "observations"],
    queryFn: ({ pageParam, signal }) => get("/v1/twins/{twin_id}/observations", { path: { twin_id: twin.id }, query: { after: pageParam, limit: 5000 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.next ? Number(last.next) : undefined),
    enabled: open,
  });
  const back = useMutation({
    mutationFn: (id: string) => del("/v1/twins/{twin_id}/observations/{reading_id}", { path: { twin_id: twin.id, reading_id: id } }),
    onSuccess: () => {
      tell(t.twin.tookBack);
      void client.invalidateQueries({ queryKey: ["twin", twin.id] });
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  const newest = new Map(pages.data?.pages.flatMap((page) => page.items).map((row) => [row.id, row]));
  const rows = [...newest.values()].sort((a, b) => b.time.localeCompare(a.time)).slice(0, PAGE);
  return (
    <Card title={t.data.readings(twin.readings)} body={false} actions={<Button small onClick={() => setOpen(!open)} aria-expanded={open}>{open ? t.data.hide : t.data.show}</Button>}>
      {open && (
        <div className="scroll" style={{ maxHeight: 420 }} tabIndex={0} role="region" aria-label={t.data.readings(twin.readings)}>
          <table className="table">
            <thead>
              <tr><th scope="col">{t.chart.time}</th><th scope="col">{t.data.what}</th><th scope="col" className="r">{t.data.value}</th><th scope="col">{t.data.sensor}</th><th scope="col"><span className="unseen">{t.twin.takeBack}</span></th></tr>
            </thead>
            <tbody>
              {rows.map((row) => {
                const as = shown(row.unit, kind, settings.glucose);
                return (
                  <tr key={row.id} data-removed={row.removed}>
                    <td className="num nowrap">{dayAndClock(Date.parse(row.time), zone)}</td>
                    <td>{called(kind, row.observable)}{row.version > 1 && <span className="muted small"> {t.data.version(row.version)}</span>}</td>
                    <td className="r">{row.removed ? <s>{number(row.value * as.factor, as.digits)}</s> : number(row.value * as.factor, as.digits)} <span className="muted small">{as.unit}</span></td>
                    <td className="muted small">{row.sensor} {row.device}</td>
                    <td>{may && !row.removed && <Button small icon kind="quiet" aria-label={t.data.takeBackOf(dayAndClock(Date.parse(row.time), zone))} title={t.twin.takeBack} onClick={() => back.mutate(row.id)}><Undo2 size={14} aria-hidden /></Button>}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {open && pages.hasNextPage && <Button small kind="quiet" className="more" disabled={pages.isFetching} onClick={() => void pages.fetchNextPage()}>{t.data.later}</Button>}
    </Card>
  );
}
