/** Search over twins, pages and commands: typed, chosen by arrows, gone to with Enter. */
import { Moon, Search, Sun } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useOverview } from "../api/queries";
import type { Me } from "../api/types";
import { words } from "../lib/units";
import { t } from "../texts";
import { useSettings } from "./settings";

interface Entry {
  id: string;
  group: string;
  name: string;
  more: string;
  run: () => void;
}

export function Palette({ me, onClose }: { me: Me; onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const { theme, change, settings } = useSettings();
  const twins = useOverview().data?.items;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
  }, []);

  const entries = useMemo<Entry[]>(() => {
    const page = (to: string, name: string): Entry => ({ id: to, group: t.palette.groups.pages, name, more: "", run: () => go(to) });
    const pages = [page("/", t.nav.home), page("/unit", t.unit.nav), page("/alerts", t.nav.alerts), page("/cohort", t.nav.cohort), page("/trials", t.trials.nav), page("/kinds", t.kinds.nav), page("/data", t.nav.data), page("/jobs", t.nav.jobs)];
    if (me.permissions.includes("users:admin")) pages.push(page("/admin", t.nav.admin));
    const own = (twins ?? []).flatMap((twin): Entry[] => [
      { id: twin.id, group: t.palette.groups.twins, name: twin.subject, more: words(twin.kind), run: () => go(`/twins/${twin.id}`) },
      { id: `${twin.id}-w`, group: t.palette.groups.twins, name: `${twin.subject}: ${t.twin.tabs.whatif.toLowerCase()}`, more: words(twin.kind), run: () => go(`/twins/${twin.id}/what-if`) },
    ]);
    const acts: Entry[] = [
      { id: "dark", group: t.palette.groups.actions, name: `${t.menu.theme}: ${theme === "dark" ? t.menu.themes.light : t.menu.themes.dark}`, more: "", run: () => change({ theme: theme === "dark" ? "light" : "dark" }) },
      { id: "unit", group: t.palette.groups.actions, name: `${t.menu.glucose} ${settings.glucose === "mg/dL" ? "mmol/L" : "mg/dL"}`, more: "", run: () => change({ glucose: settings.glucose === "mg/dL" ? "mmol/L" : "mg/dL" }) },
    ];
    return [...own, ...pages, ...acts];
  }, [twins, me, go, theme, change, settings.glucose]);

  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((e) => wanted.every((w) => `${e.name} ${e.more}`.toLowerCase().includes(w))).slice(0, 12);
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  return (
    <dialog ref={dialog} className="dialog palette" aria-label={t.palette.title} onClose={onClose} onClick={(e) => e.target === dialog.current && onClose()}>
      <div className="palette-input">
        <Search size={16} aria-hidden />
        <input
          autoFocus
          value={text}
          placeholder={t.nav.searchHint}
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-l`}
          aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
          aria-label={t.nav.searchHint}
          onChange={(e) => (setText(e.target.value), setAt(0))}
          onKeyDown={(e) => {
            if (e.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
            else if (e.key === "ArrowUp") setAt(Math.max(at - 1, 0));
            else if (e.key === "Enter") run(chosen);
            else return;
            e.preventDefault();
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <ul id={`${id}-l`} role="listbox" aria-label={t.palette.title}>
        {found.map((entry, i) => (
          <li key={entry.id} id={`${id}-${entry.id}`} role="option" aria-selected={entry === chosen} onMouseMove={() => setAt(i)} onClick={() => run(entry)}>
            {entry.id === "dark" ? theme === "dark" ? <Sun size={14} aria-hidden /> : <Moon size={14} aria-hidden /> : null}
            <span className="clip">{entry.name}</span>
            <span className="muted small">{entry.more || entry.group}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="muted palette-empty">{t.palette.empty}</p>}
    </dialog>
  );
}
