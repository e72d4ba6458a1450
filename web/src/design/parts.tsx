/** Small parts that every page is made of. */
import { AlertTriangle, CircleAlert, CircleCheck, FlaskConical, Inbox, Info, X } from "lucide-react";
import { useEffect, useId, useRef, type ButtonHTMLAttributes, type ReactNode } from "react";
import { Problem } from "../api/http";
import { plainUnits } from "../lib/units";
import { t } from "../texts";

type Tone = "" | "good" | "warn" | "bad" | "accent" | "synthetic";

export function Button({ kind = "", small, icon, className = "", ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "" | "primary" | "quiet" | "danger"; small?: boolean; icon?: boolean }) {
  return <button type="button" {...rest} className={`btn ${kind} ${small ? "small" : ""} ${icon ? "icon" : ""} ${className}`} />;
}

export function Chip({ tone = "", children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`chip ${tone}`} title={title}>
      {children}
    </span>
  );
}

/** The name without what the chip beside it says. */
export const plainName = (subject: string) => subject.replace(/\s*\(synthetic\)\s*/i, "").trim() || subject;

export function Synthetic() {
  return (
    <Chip tone="synthetic" title={t.synthetic.meaning}>
      <FlaskConical size={12} aria-hidden /> {t.synthetic.label}
    </Chip>
  );
}

const SEVERITY: Record<string, { tone: Tone; icon: ReactNode }> = {
  critical: { tone: "bad", icon: <CircleAlert size={13} aria-hidden /> },
  warning: { tone: "warn", icon: <AlertTriangle size={13} aria-hidden /> },
  info: { tone: "accent", icon: <Info size={13} aria-hidden /> },
};
export function Severity({ of }: { of: string }) {
  const { tone, icon } = SEVERITY[of] ?? SEVERITY.info!;
  return (
    <Chip tone={tone}>
      {icon} {t.severity[of as keyof typeof t.severity] ?? of}
    </Chip>
  );
}

export function Card({ title, actions, children, note, className = "", body = true }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; note?: ReactNode; className?: string; body?: boolean }) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={title ? id : undefined}>
      {title && (
        <header>
          <h2 id={id}>{title}</h2>
          {actions}
        </header>
      )}
      {body ? <div className="body">{children}</div> : children}
      {note && <div className="note">{note}</div>}
    </section>
  );
}

export function Notice({ tone = "", children }: { tone?: "" | "warn" | "bad" | "accent" | "good"; children: ReactNode }) {
  const icon = tone === "bad" ? <CircleAlert size={15} aria-hidden /> : tone === "warn" ? <AlertTriangle size={15} aria-hidden /> : tone === "good" ? <CircleCheck size={15} aria-hidden /> : <Info size={15} aria-hidden />;
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      {icon}
      <div>{children}</div>
    </div>
  );
}

export function Empty({ title, children, icon }: { title: string; children?: ReactNode; icon?: ReactNode }) {
  return (
    <div className="state">
      {icon ?? <Inbox size={26} strokeWidth={1.5} aria-hidden />}
      <div className="title">{title}</div>
      {children}
    </div>
  );
}

export function Loading({ height = 160, label = t.loading }: { height?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="skeleton" style={{ height }} />
  );
}

/** What went wrong, where, and the fix: as the server says it. */
export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const said = error instanceof Problem ? error : new Problem(0, String((error as Error)?.message ?? error));
  return (
    <div className="state" role="alert">
      <CircleAlert size={26} strokeWidth={1.5} color="var(--bad)" aria-hidden />
      <div className="title">{sentence(said.detail)}</div>
      {said.fix && <p>{sentence(said.fix)}</p>}
      {retry && (
        <Button small onClick={retry}>
          {t.retry}
        </Button>
      )}
    </div>
  );
}

/** The server's words as a sentence, its units as one writes them. */
export const sentence = (text: string) => (text ? plainUnits(text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".")) : "");

/** A query's four states around its content. */
export function Loaded<T>({ query, children, height }: { query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }; children: (data: T) => ReactNode; height?: number }) {
  if (query.data !== undefined)
    return (
      <>
        {query.error ? <Notice tone="warn">{t.stale}</Notice> : null}
        {children(query.data)}
      </>
    );
  if (query.isPending && !query.error) return <Loading height={height} />;
  return <Fault error={query.error} retry={() => void query.refetch()} />;
}

export function Dialog({ title, onClose, children, foot }: { title: string; onClose: () => void; children: ReactNode; foot?: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    // A browser takes the first control, which closes: one came to write or to confirm.
    (dialog.querySelector<HTMLElement>(".body :is(input, textarea, select)") ?? dialog.querySelector<HTMLElement>("footer .primary"))?.focus();
  }, []);
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose} onClick={(e) => e.target === ref.current && onClose()}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon small onClick={onClose} aria-label={t.close}>
          <X size={16} aria-hidden />
        </Button>
      </header>
      <div className="body">{children}</div>
      {foot && <footer>{foot}</footer>}
    </dialog>
  );
}

export function Field({ label, hint, fault, children, unit }: { label: string; hint?: string; fault?: string; unit?: string; children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode }) {
  const id = useId();
  const said = [hint && `${id}-h`, fault && `${id}-f`].filter(Boolean).join(" ") || undefined;
  const control = children({ id, "aria-describedby": said, "aria-invalid": fault ? true : undefined });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {unit ? (
        <div className="with-unit">
          {control}
          <span className="unit">{unit}</span>
        </div>
      ) : (
        control
      )}
      {hint && (
        <span className="hint" id={`${id}-h`}>
          {hint}
        </span>
      )}
      {fault && (
        <span className="fault" id={`${id}-f`} role="alert">
          {sentence(fault)}
        </span>
      )}
    </div>
  );
}

export function Segmented<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {options.map(([key, name]) => (
        <button key={key} type="button" aria-pressed={key === value} onClick={() => onChange(key)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** A median with its 50 and 90 % bands on a common scale. */
export function Whisker({ q, low, high, label, tone = "var(--forecast)" }: { q: { q05: number; q25: number; q50: number; q75: number; q95: number }; low: number; high: number; label: string; tone?: string }) {
  const x = (v: number) => `${(100 * (v - low)) / Math.max(high - low, 1e-12)}%`;
  return (
    <svg className="whisker" role="img" aria-label={label} width="100%" height="14" preserveAspectRatio="none">
      <line x1={x(q.q05)} x2={x(q.q95)} y1="7" y2="7" stroke={tone} strokeWidth="2" opacity="0.4" />
      <line x1={x(q.q25)} x2={x(q.q75)} y1="7" y2="7" stroke={tone} strokeWidth="6" opacity="0.55" />
      <line x1={x(q.q50)} x2={x(q.q50)} y1="1" y2="13" stroke="var(--text)" strokeWidth="2" />
    </svg>
  );
}
