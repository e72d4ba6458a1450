/** Panels that kinds may ask for beside the timeline, by their type; what fills them is data that the kind gives. */
import { memo, Suspense, type ComponentType } from "react";
import type { Kind, Panel, Twin } from "../api/types";
import { Loading } from "../design/parts";
import { Boundary, lazily } from "../lib/lazily";

export interface PanelProps {
  twin: Twin;
  kind: Kind;
  panel: Panel;
  zone: string;
  now: number;
}

const PANELS: Record<string, ComponentType<PanelProps>> = {
  profile: lazily(() => import("./Profile")),
  cards: lazily(() => import("./Cards")),
  floor: lazily(() => import("./Floor")),
  gantt: lazily(() => import("./Gantt")),
  risk: lazily(() => import("./Risk")),
  reasons: lazily(() => import("./Reasons")),
  board: lazily(() => import("./Around")),
  outlook: lazily(() => import("./Outlook")),
  ladder: lazily(() => import("./Ladder")),
  loops: lazily(() => import("./Loops")),
  heart3d: lazily(() => import("./Heart3d")),
  ecg: lazily(() => import("./Ecg")),
  stimulation: lazily(() => import("./Stimulation")),
};
const ABOVE = ["risk", "reasons", "outlook"]; // what one looks for first stands above the timeline

/** Drawn again with what they show, not with every step of the timeline beside them. */
export const KindPanels = memo(function KindPanels({ above, ...props }: Omit<PanelProps, "panel"> & { above?: boolean }) {
  return props.kind.panels
    .filter((panel) => panel.type in PANELS && ABOVE.includes(panel.type) === !!above)
    .map((panel) => {
      const Shown = PANELS[panel.type]!;
      return (
        <Boundary key={panel.id}>
          <Suspense fallback={<Loading height={220} />}>
            <Shown {...props} panel={panel} />
          </Suspense>
        </Boundary>
      );
    });
});
