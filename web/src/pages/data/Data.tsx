/** Data: a new twin from a file, and how fresh every twin's data are. */
import { useMemo } from "react";
import { Link } from "wouter";
import { useMay, useMessages, useOverview } from "../../api/queries";
import type { Glance } from "../../api/types";
import { Card, Chip, Empty, Loaded, plainName, Synthetic } from "../../design/parts";
import { isSilent, rhythm } from "../../lib/attention";
import { useNow } from "../../lib/now";
import { ago, span } from "../../lib/time";
import { words } from "../../lib/units";
import { t } from "../../texts";
import { NewTwin } from "./NewTwin";
import "./data.css";

export default function Data() {
  const overview = useOverview();
  const may = useMay("twins:write");
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.data.title}</h1>
          <p className="sub">{t.data.sub}</p>
        </div>
      </div>
      <div className="data-grid">
        {may && <NewTwin />}
        <div className="stack">
          <Card title={t.data.fresh} body={false}>
            <Loaded query={overview} height={240}>
              {({ items }) => (items.length === 0 ? <Empty title={t.home.empty} /> : <Freshness twins={items} />)}
            </Loaded>
          </Card>
          <Messages />
        </div>
      </div>
    </div>
  );
}

function Freshness({ twins }: { twins: Glance[] }) {
  const now = useNow();
  const sorted = useMemo(() => [...twins].sort((a, b) => (b.last?.time ?? "").localeCompare(a.last?.time ?? "")), [twins]);
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.home.subject}</th>
            <th scope="col">{t.home.kind}</th>
            <th scope="col" className="r">{t.data.last}</th>
            <th scope="col" className="r">{t.data.rhythm}</th>
            <th scope="col">{t.home.status}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((twin) => {
            const every = rhythm(twin);
            return (
              <tr key={twin.id}>
                <td className="subject">
                  <span className="row">
                    <Link href={`/twins/${twin.id}/data`} className="strong">{plainName(twin.subject)}</Link>
                    {twin.synthetic && <Synthetic />}
                  </span>
                </td>
                <td>{words(twin.kind)}</td>
                <td className="r nowrap">{twin.last ? ago(Date.parse(twin.last.time), now) : "–"}</td>
                <td className="r nowrap">{every ? t.data.every(span(every)) : "–"}</td>
                <td>{!twin.last ? <Chip>{t.home.never}</Chip> : isSilent(twin, now) ? <Chip tone="warn">{t.data.silent}</Chip> : <Chip tone="good">{t.data.arriving}</Chip>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** What other systems sent, and what was not made of it. */
function Messages() {
  const messages = useMessages(useMay("fhir:read"));
  const now = useNow();
  const items = messages.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card title={t.data.messages} body={false}>
      <div className="scroll" style={{ maxHeight: 300 }} tabIndex={0} role="region" aria-label={t.data.messages}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t.data.source}</th>
              <th scope="col">{t.data.format}</th>
              <th scope="col">{t.home.status}</th>
              <th scope="col" className="r">{t.data.came}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((message) => (
              <tr key={message.seq}>
                <td>{message.sender} <span className="muted small mono">{message.id}</span></td>
                <td className="muted">{message.protocol}</td>
                <td>{message.taken ? <Chip tone="good">{t.data.taken}</Chip> : <Chip tone="warn" title={message.why}>{message.why || t.data.aside}</Chip>}</td>
                <td className="r nowrap">{ago(Date.parse(message.received), now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
