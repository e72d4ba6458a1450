/** The board of the place where a twin is: who else is there, the highest risk first, this one marked. */
import { useBoard, useOverview } from "../api/queries";
import { Card, Loaded } from "../design/parts";
import { Board } from "../pages/unit/Board";
import { t } from "../texts";
import type { PanelProps } from "./registry";

export default function Around({ twin, panel, now }: PanelProps) {
  const place = useOverview().data?.items.find((item) => item.id === twin.id)?.place ?? "";
  const board = useBoard(place);
  return (
    <Card title={panel.title} body={false} actions={<span className="small muted">{place || t.unit.everywhere}</span>}>
      <Loaded query={board} height={160}>
        {({ items }) => (items.length === 0 ? <p className="note muted">{t.unit.none}</p> : <Board items={items} now={now} here={twin.id} />)}
      </Loaded>
    </Card>
  );
}
