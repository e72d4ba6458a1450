/** Keys that work everywhere, except where one writes. */
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

const GO: Record<string, string> = { h: "/", a: "/alerts", c: "/cohort", d: "/data", t: "/trials", m: "/kinds", j: "/jobs" };

export function useShortcuts({ search, help }: { search: () => void; help: () => void }) {
  const [, go] = useLocation();
  const held = useRef({ search, help });
  held.current = { search, help };
  useEffect(() => {
    let began = 0; // when g was struck
    const strike = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        held.current.search();
        return;
      }
      const writing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable], dialog");
      if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
      const to = GO[event.key];
      if (to && event.timeStamp - began < 1200) go(to);
      else if (event.key === "/") {
        event.preventDefault();
        held.current.search();
      } else if (event.key === "?") held.current.help();
      began = event.key === "g" ? event.timeStamp : 0;
    };
    addEventListener("keydown", strike);
    return () => removeEventListener("keydown", strike);
  }, [go]);
}
