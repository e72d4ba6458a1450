/** Who moved in the last hour: a path from step to step, with somebody walking along it where motion is wanted. */
import { useLayoutEffect, useState, type RefObject } from "react";
import { words } from "../lib/units";
import { t } from "../texts";
import type { Move } from "./stays";

const MOST = 14; // paths at once
const FULL = 7; // s of one walk

interface Path extends Move {
  d: string;
}

export function Moves({ of, moves, steps }: { of: RefObject<HTMLDivElement | null>; moves: readonly Move[]; steps: readonly { name: string }[] }) {
  const [paths, setPaths] = useState<Path[]>([]);
  useLayoutEffect(() => {
    const box = of.current;
    if (!box) return;
    const draw = () => {
      const origin = box.getBoundingClientRect();
      const centre = (step: number) => {
        const element = box.querySelector(`[data-step="${step}"]`);
        if (!element) return null;
        const at = element.getBoundingClientRect();
        return [at.left - origin.left + at.width / 2, at.top - origin.top + 14] as const;
      };
      setPaths(
        moves.slice(0, MOST).flatMap((move) => {
          const [a, b] = [centre(move.from), centre(move.to)];
          if (!a || !b) return [];
          const bend = 0.18 * Math.hypot(b[0] - a[0], b[1] - a[1]);
          return [{ ...move, d: `M${a[0]} ${a[1]}Q${(a[0] + b[0]) / 2} ${(a[1] + b[1]) / 2 - bend} ${b[0]} ${b[1]}` }];
        }),
      );
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(box);
    return () => observer.disconnect();
  }, [of, moves]);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return (
    <>
      <svg className="moves" aria-hidden>
        {paths.map((path) => (
          <g key={`${path.from}-${path.to}`}>
            <path d={path.d} fill="none" stroke="var(--accent)" strokeWidth={Math.min(1 + path.count / 3, 4)} opacity="0.35" />
            {!calm &&
              Array.from({ length: Math.min(path.count, 4) }, (_, k) => (
                <circle key={k} r="4" fill="var(--accent)">
                  <animateMotion dur={`${FULL}s`} begin={`${((k * FULL) / Math.min(path.count, 4)).toFixed(2)}s`} repeatCount="indefinite" path={path.d} />
                </circle>
              ))}
          </g>
        ))}
      </svg>
      <p className="unseen">{moves.slice(0, MOST).map((move) => t.panels.moved(words(steps[move.from]?.name ?? ""), words(steps[move.to]?.name ?? ""), move.count)).join("; ")}</p>
    </>
  );
}
