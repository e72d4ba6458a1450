/** What stands around every page: navigation, search, whether the stream is live, account and display. */
import { BedDouble, Bell, Boxes, Database, FlaskConical, Home, ListChecks, Menu, Search, Shield, UserRound, Users } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useAlerts } from "../api/queries";
import type { Me } from "../api/types";
import { useLink } from "../api/live";
import { Button } from "../design/parts";
import { full } from "../lib/time";
import { t } from "../texts";
import { AccountMenu } from "./AccountMenu";
import { Palette } from "./Palette";
import { Guide } from "./Tour";
import { Shortcuts } from "./Shortcuts";
import { useShortcuts } from "./shortcuts";

const PAGES = [
  { to: "/", name: t.nav.home, icon: Home },
  { to: "/unit", name: t.unit.nav, icon: BedDouble },
  { to: "/alerts", name: t.nav.alerts, icon: Bell },
  { to: "/cohort", name: t.nav.cohort, icon: Users },
  { to: "/trials", name: t.trials.nav, icon: FlaskConical },
  { to: "/kinds", name: t.kinds.nav, icon: Boxes },
  { to: "/data", name: t.nav.data, icon: Database },
  { to: "/jobs", name: t.nav.jobs, icon: ListChecks },
] as const;

export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const [where] = useLocation();
  const [open, setOpen] = useState(false);
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const main = useRef<HTMLElement>(null);
  const waiting = useAlerts("open").data?.items.length ?? 0;
  useShortcuts({ search: () => setPalette(true), help: () => setKeys(true) });
  useEffect(() => setOpen(false), [where]);
  const at = (to: string) => (to === "/" ? where === "/" || where.startsWith("/twins") : where.startsWith(to));
  return (
    <div className="shell">
      <a className="skip" href="#content" onClick={() => main.current?.focus()}>
        {t.skip}
      </a>
      <nav className="nav" aria-label={t.nav.label} data-open={open}>
        <Link href="/" className="brand">
          <img src="/favicon.svg" width={22} height={22} alt="" /> {t.app}
        </Link>
        {PAGES.map(({ to, name, icon: Icon }) => (
          <Link key={to} href={to} className="link" aria-current={at(to) ? "page" : undefined}>
            <Icon size={16} aria-hidden /> {name}
            {to === "/alerts" && waiting > 0 && (
              <span className="count num" aria-label={`${waiting} ${t.alerts.open}`}>
                {waiting}
              </span>
            )}
          </Link>
        ))}
        {me.permissions.includes("users:admin") && (
          <Link href="/admin" className="link" aria-current={at("/admin") ? "page" : undefined}>
            <Shield size={16} aria-hidden /> {t.nav.admin}
          </Link>
        )}
        <p className="foot">{t.research}</p>
      </nav>
      {open && <button type="button" className="veil" aria-label={t.close} onClick={() => setOpen(false)} />}
      <div className="main">
        <header className="top">
          <Button kind="quiet" icon className="only-phone" aria-label={t.nav.open} aria-expanded={open} onClick={() => setOpen(true)}>
            <Menu size={18} aria-hidden />
          </Button>
          <button type="button" className="search" onClick={() => setPalette(true)} aria-haspopup="dialog">
            <Search size={15} aria-hidden /> <span className="clip">{t.nav.searchHint}</span>
            <kbd className="not-phone">Ctrl K</kbd>
          </button>
          <span className="spring" />
          <LiveSign />
          <AccountMenu me={me} onKeys={() => setKeys(true)} icon={<UserRound size={17} aria-hidden />} />
        </header>
        <main id="content" ref={main} tabIndex={-1}>
          {children}
          <p className="only-print small muted">{t.printed(full(Date.now(), "UTC"), location.origin + where)} {t.research}</p>
        </main>
      </div>
      <Guide />
      {palette && <Palette me={me} onClose={() => setPalette(false)} />}
      {keys && <Shortcuts onClose={() => setKeys(false)} />}
    </div>
  );
}

function LiveSign() {
  const link = useLink();
  return (
    <span className="live" data-state={link} role="status">
      <i /> <span>{t.live[link]}</span>
    </span>
  );
}

