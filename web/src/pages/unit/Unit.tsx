/** A unit's board: every patient of a place by risk, with band, trend, what was measured, the alarm's state, and why. */
import { BedDouble } from "lucide-react";
import { useLocation, useParams } from "wouter";
import { useBoard, useOverview } from "../../api/queries";
import { Card, Empty, Loaded } from "../../design/parts";
import { useNow } from "../../lib/now";
import { t } from "../../texts";
import { Board } from "./Board";

export default function Unit() {
  const { place: named } = useParams<{ place?: string }>();
  const place = named ? decodeURIComponent(named) : "";
  const [, go] = useLocation();
  const board = useBoard(place);
  const now = useNow();
  const twins = useOverview().data?.items ?? [];
  const places = [...new Set([...twins.map((twin) => twin.place), place])].filter(Boolean).sort();
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{place || t.unit.title}</h1>
          {board.data && <p className="sub num">{t.unit.sub(board.data.items.length, place || t.unit.everywhereSaid)}</p>}
        </div>
        <span className="spring" />
        <select className="input of" aria-label={t.unit.place} value={place} onChange={(e) => go(e.target.value ? `/unit/${encodeURIComponent(e.target.value)}` : "/unit")}>
          <option value="">{t.unit.everywhere}</option>
          {places.map((name) => <option key={name}>{name}</option>)}
        </select>
      </div>
      <Loaded query={board} height={320}>
        {({ items }) => {
          if (items.length === 0)
            return (
              <Card>
                <Empty title={t.unit.none} icon={<BedDouble size={26} strokeWidth={1.5} aria-hidden />}><p>{t.unit.noneText}</p></Empty>
              </Card>
            );
          return (
            <div className="card">
              <Board items={items} now={now} />
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}
