/** What a person prefers, kept in this browser: theme, units, whose time, what the tour has shown. */
import { createContext, useCallback, useContext, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

export interface Settings {
  theme: "system" | "light" | "dark" | "contrast";
  glucose: "mg/dL" | "mmol/L";
  zone: "subject" | "mine" | "UTC";
  toured: boolean;
}
const KEY = "vitruvian.settings";
const DEFAULTS: Settings = { theme: "system", glucose: "mg/dL", zone: "subject", toured: false };

function kept(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}

export const themeOf = (theme: Settings["theme"]): string => {
  if (theme !== "system") return theme;
  if (matchMedia("(prefers-contrast: more)").matches) return "contrast";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
};

/** The whole page takes the theme at once: a surface that fades after its text would be unreadable on the way. */
function wear(theme: string): void {
  const root = document.documentElement;
  root.dataset.switching = "";
  root.dataset.theme = theme;
  void root.offsetHeight; // styles are computed while nothing may fade
  delete root.dataset.switching;
}

interface Held {
  settings: Settings;
  theme: string;
  printing: boolean;
  change: (some: Partial<Settings>) => void;
}
const Context = createContext<Held | null>(null);

/** True while the browser takes the page to paper; it waits for what is drawn anew. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const [before, after] = [true, false].map((now) => () => flushSync(() => setPrinting(now))) as [() => void, () => void];
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => (removeEventListener("beforeprint", before), removeEventListener("afterprint", after));
  }, []);
  return printing;
}

export function SettingsProvider({ children }: { children: ReactNode }) {
  const [settings, setSettings] = useState(kept);
  const [theme, setTheme] = useState(() => themeOf(settings.theme));
  useEffect(() => {
    const follow = () => setTheme(themeOf(settings.theme));
    follow();
    const asked = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"].map((query) => matchMedia(query));
    asked.forEach((query) => query.addEventListener("change", follow));
    return () => asked.forEach((query) => query.removeEventListener("change", follow));
  }, [settings.theme]);
  const printing = usePrinting();
  const worn = printing ? "light" : theme; // paper is white
  useLayoutEffect(() => wear(worn), [worn]); // before anything reads its colours
  const change = useCallback((some: Partial<Settings>) => {
    setSettings((before) => {
      const after = { ...before, ...some };
      try {
        localStorage.setItem(KEY, JSON.stringify(after));
      } catch {
        /* kept for this page only */
      }
      return after;
    });
  }, []);
  const held = useMemo(() => ({ settings, theme: worn, printing, change }), [settings, worn, printing, change]);
  return <Context.Provider value={held}>{children}</Context.Provider>;
}

export function useSettings(): Held {
  const held = useContext(Context);
  if (!held) throw new Error("useSettings stands outside of SettingsProvider");
  return held;
}
