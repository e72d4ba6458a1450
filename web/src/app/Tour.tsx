/** A three-minute tour: offered once on the first page, led from page to page, left at any time. */
import { Compass, X } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import { useOverview } from "../api/queries";
import type { Glance } from "../api/types";
import { Button } from "../design/parts";
import { t } from "../texts";
import { useSettings } from "./settings";

/** Which step is shown; outside of React, since the pages under it change. */
let at = -1;
const told = new Set<() => void>();
const steps = t.tour.steps;
function goTo(step: number) {
  at = step;
  told.forEach((tell) => tell());
}
const useStep = () => useSyncExternalStore((tell) => (told.add(tell), () => told.delete(tell)), () => at);

/** The invitation, on the first page. */
export function Tour() {
  const { settings, change } = useSettings();
  const step = useStep();
  if (settings.toured || step >= 0) return null;
  return (
    <div className="invite">
      <Compass size={18} aria-hidden />
      <span>
        <b>{t.tour.invite}</b> <span className="muted">{t.tour.inviteText}</span>
      </span>
      <span className="spring" />
      <Button small kind="primary" onClick={() => goTo(0)}>{t.tour.start}</Button>
      <Button small kind="quiet" onClick={() => change({ toured: true })}>{t.tour.later}</Button>
    </div>
  );
}

/** The card that leads; mounted once, above every page. */
export function Guide() {
  const step = useStep();
  const [, go] = useLocation();
  const { change } = useSettings();
  const twin = chosen(useOverview().data?.items);
  const card = useRef<HTMLDivElement>(null);
  const shown = step >= 0 ? steps[step] : undefined;
  const path = shown?.path.replace(":twin", twin?.id ?? "");
  useEffect(() => {
    if (!path || !shown) return;
    go(path);
    card.current?.focus();
    let marked: Element | null = null;
    const find = setInterval(() => {
      const found = shown.at ? document.querySelector(shown.at) : null;
      if (!found || found === marked) return;
      marked?.removeAttribute("data-toured");
      marked = found;
      found.setAttribute("data-toured", "");
      found.scrollIntoView({ block: "center", behavior: "instant" });
    }, 250);
    return () => {
      clearInterval(find);
      marked?.removeAttribute("data-toured");
    };
  }, [path, shown, go]);
  if (!shown) return null;
  const end = () => {
    change({ toured: true });
    goTo(-1);
  };
  const last = step === steps.length - 1;
  return (
    <div className="guide" role="dialog" aria-label={t.tour.title} aria-describedby="guide-text" ref={card} tabIndex={-1} onKeyDown={(e) => e.key === "Escape" && end()}>
      <header>
        <span className="muted small num">{t.tour.of(step + 1, steps.length)}</span>
        <span className="spring" />
        <Button small icon kind="quiet" aria-label={t.tour.end} onClick={end}><X size={15} aria-hidden /></Button>
      </header>
      <h2>{shown.title}</h2>
      <p id="guide-text">{shown.text}</p>
      <div className="row">
        {step > 0 && <Button small onClick={() => goTo(step - 1)}>{t.tour.back}</Button>}
        <span className="spring" />
        <Button small kind="primary" onClick={() => (last ? end() : goTo(step + 1))}>{last ? t.tour.done : t.tour.next}</Button>
      </div>
    </div>
  );
}

export const startTour = () => goTo(0);

/** A twin with much to see: a forecast, an alert if there is one. */
function chosen(twins: readonly Glance[] | undefined): Glance | undefined {
  const able = (twins ?? []).filter((twin) => twin.forecast !== null);
  return able.find((twin) => twin.alerts.length > 0) ?? able[0] ?? twins?.[0];
}
