/** Who one is, and how things are shown: theme, units, whose time. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { del, session } from "../api/http";
import type { Me } from "../api/types";
import { Button, Segmented } from "../design/parts";
import { t } from "../texts";
import { useSettings, type Settings } from "./settings";
import { startTour } from "./Tour";

const entries = <T extends string>(of: Record<T, string>) => Object.entries(of) as [T, string][];

export function AccountMenu({ me, icon, onKeys }: { me: Me; icon: ReactNode; onKeys: () => void }) {
  const [open, setOpen] = useState(false);
  const { settings, change } = useSettings();
  const client = useQueryClient();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      const outside = event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node);
      if (outside) setOpen(false);
    };
    addEventListener("pointerdown", away);
    addEventListener("keydown", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", away);
    };
  }, [open]);
  const logOut = async () => {
    await del("/v1/sessions/current").catch(() => undefined);
    session.remember("");
    client.clear();
    location.assign("/login");
  };
  return (
    <div className="menu" ref={box}>
      <Button kind="quiet" icon aria-label={t.menu.account} aria-expanded={open} aria-haspopup="true" onClick={() => setOpen(!open)}>
        {icon}
      </Button>
      {open && (
        <div className="list" role="group" aria-label={t.menu.account}>
          <div className="label">
            <span className="strong" style={{ color: "var(--text)" }}>
              {me.actor}
            </span>
            , {me.role}
          </div>
          <hr />
          <div className="label">{t.menu.theme}</div>
          <Segmented<Settings["theme"]> label={t.menu.theme} value={settings.theme} options={entries(t.menu.themes)} onChange={(theme) => change({ theme })} />
          <div className="label">{t.menu.glucose}</div>
          <Segmented<Settings["glucose"]> label={t.menu.glucose} value={settings.glucose} options={[["mg/dL", "mg/dL"], ["mmol/L", "mmol/L"]]} onChange={(glucose) => change({ glucose })} />
          <div className="label">{t.menu.zone}</div>
          <Segmented<Settings["zone"]> label={t.menu.zone} value={settings.zone} options={entries(t.menu.zones)} onChange={(zone) => change({ zone })} />
          <hr />
          <button type="button" onClick={() => (setOpen(false), onKeys())}>
            {t.menu.keys}
          </button>
          <button type="button" onClick={() => (setOpen(false), startTour())}>
            {t.tour.title}
          </button>
          <a href="/docs">{t.menu.reference}</a>
          <button type="button" onClick={() => void logOut()}>
            {t.menu.logout}
          </button>
        </div>
      )}
    </div>
  );
}
