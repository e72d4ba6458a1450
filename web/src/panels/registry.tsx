/** Panels that kinds may ask for beside the timeline, by their type; what fills them is data that the kind gives. */
import { lazy, Suspense, type ComponentType } from "react";
import type { Kind, Panel, Twin } from "../api/types";
import { Loading } from "../design/parts";

export interface PanelProps {
  twin: Twin;
  kind: Kind;
  panel: Panel;
  zone: string;
  now: number;
}

const PANELS: Record<string, ComponentType<PanelProps>> = {
  profile: lazy(() => import("./Profile")),
  cards: lazy(() => import("./Cards")),
  floor: lazy(() => import("./Floor")),
};

export function KindPanels(props: Omit<PanelProps, "panel">) {
  return props.kind.panels
    .filter((panel) => panel.type in PANELS)
    .map((panel) => {
      const Shown = PANELS[panel.type]!;
      return (
        <Suspense key={panel.id} fallback={<Loading height={220} />}>
          <Shown {...props} panel={panel} />
        </Suspense>
      );
    });
}
