/** What-ifs kept under a name in this browser; a link carries one anywhere else. */
import { useState } from "react";

export interface Saved {
  name: string;
  plan: string; // packed
  at: number;
}
const key = (twin: string) => `vitruvian.whatif.${twin}`;

function read(twin: string): Saved[] {
  try {
    return JSON.parse(localStorage.getItem(key(twin)) ?? "[]") as Saved[];
  } catch {
    return [];
  }
}

export function useSaved(twin: string) {
  const [saved, setSaved] = useState(() => read(twin));
  const write = (next: Saved[]) => {
    setSaved(next);
    try {
      localStorage.setItem(key(twin), JSON.stringify(next));
    } catch {
      /* kept for this page only */
    }
  };
  return {
    saved,
    save: (name: string, plan: string) => write([{ name, plan, at: Date.now() }, ...saved.filter((s) => s.name !== name)].slice(0, 30)),
    drop: (name: string) => write(saved.filter((s) => s.name !== name)),
  };
}
