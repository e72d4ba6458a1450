/** Users, tokens for programs, and who did what. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, UserPlus } from "lucide-react";
import { useState } from "react";
import { del, get, post, Problem } from "../api/http";
import type { AuditEntry } from "../api/types";
import { reasonOf, useToast } from "../app/toasts";
import { Button, Card, Chip, Dialog, Empty, Field, Loaded, Notice, sentence } from "../design/parts";
import { dayAndClock, full } from "../lib/time";
import { words } from "../lib/units";
import { useZone } from "../lib/zone";
import { t } from "../texts";
import "./data/data.css";

const ROLES = ["viewer", "clinician", "engineer", "admin"] as const;

export default function Admin() {
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.admin.title}</h1>
          <p className="sub">{t.admin.sub}</p>
        </div>
      </div>
      <div className="data-grid">
        <Users />
        <Tokens />
      </div>
      <Audit />
    </div>
  );
}

function useEnd(path: "/v1/users/{user_id}" | "/v1/tokens/{token_id}", key: string) {
  const client = useQueryClient();
  const tell = useToast();
  return useMutation({
    mutationFn: (id: string) => (path === "/v1/users/{user_id}" ? del(path, { path: { user_id: id } }) : del(path, { path: { token_id: id } })),
    onSuccess: () => {
      tell(t.admin.ended);
      void client.invalidateQueries({ queryKey: [key] });
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
}

function Users() {
  const users = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => get("/v1/users", { signal }) });
  const zone = useZone(undefined);
  const [adding, setAdding] = useState(false);
  const end = useEnd("/v1/users/{user_id}", "users");
  return (
    <Card title={t.admin.users} body={false} actions={<Button small onClick={() => setAdding(true)}><UserPlus size={14} aria-hidden /> {t.admin.addUser}</Button>}>
      <Loaded query={users} height={160}>
        {({ items }) => (
          <table className="table">
            <thead><tr><th scope="col">{t.login.name}</th><th scope="col">{t.admin.role}</th><th scope="col">{t.admin.since}</th><th scope="col"><span className="unseen">{t.admin.disable}</span></th></tr></thead>
            <tbody>
              {items.map((user) => (
                <tr key={user.id}>
                  <td className="strong">{user.name}</td>
                  <td><Chip>{words(user.role)}</Chip></td>
                  <td className="num muted">{dayAndClock(Date.parse(user.created), zone)}</td>
                  <td className="r">{user.disabled ? <Chip>{t.admin.disabled}</Chip> : <Button small kind="danger" aria-label={`${t.admin.disable} ${user.name}`} onClick={() => end.mutate(user.id)}>{t.admin.disable}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {adding && <AddUser onClose={() => setAdding(false)} />}
    </Card>
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<string>("clinician");
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () => post("/v1/users", { body: { name, password, role } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["users"] });
      onClose();
    },
  });
  const problem = add.error instanceof Problem ? add.error : null;
  const fault = (of: string) => (problem?.where.endsWith(of) ? `${problem.detail}: ${problem.fix}` : undefined);
  return (
    <Dialog title={t.admin.addUser} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" type="submit" form="user" disabled={add.isPending}>{t.admin.addUser}</Button></>}>
      <form id="user" className="stack" onSubmit={(e) => { e.preventDefault(); add.mutate(); }}>
        {problem && !fault("name") && !fault("password") && <Notice tone="bad">{sentence(problem.detail)} {sentence(problem.fix)}</Notice>}
        <Field label={t.login.name} fault={fault("name")}>{(ids) => <input {...ids} className="input" required autoFocus autoComplete="off" value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label={t.setup.password} fault={fault("password")}>{(ids) => <input {...ids} className="input" required type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />}</Field>
        <RoleField role={role} onRole={setRole} />
      </form>
    </Dialog>
  );
}

function RoleField({ role, onRole }: { role: string; onRole: (role: string) => void }) {
  return (
    <Field label={t.admin.role} hint={t.admin.roles[role as keyof typeof t.admin.roles]}>
      {(ids) => (
        <select {...ids} className="input" value={role} onChange={(e) => onRole(e.target.value)}>
          {ROLES.map((r) => <option key={r} value={r}>{words(r)}</option>)}
        </select>
      )}
    </Field>
  );
}

function Tokens() {
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => get("/v1/tokens", { signal }) });
  const zone = useZone(undefined);
  const [adding, setAdding] = useState(false);
  const end = useEnd("/v1/tokens/{token_id}", "tokens");
  return (
    <Card title={t.admin.tokens} body={false} actions={<Button small onClick={() => setAdding(true)}><KeyRound size={14} aria-hidden /> {t.admin.addToken}</Button>}>
      <Loaded query={tokens} height={160}>
        {({ items }) =>
          items.length === 0 ? <Empty title={t.admin.noTokens} /> : (
            <table className="table">
              <thead><tr><th scope="col">{t.login.name}</th><th scope="col">{t.admin.role}</th><th scope="col">{t.admin.since}</th><th scope="col"><span className="unseen">{t.admin.revoke}</span></th></tr></thead>
              <tbody>
                {[...items].reverse().map((token) => (
                  <tr key={token.id}>
                    <td><span className="strong">{token.name}</span> {token.scopes && <span className="muted small">{token.scopes.join(", ")}</span>}</td>
                    <td><Chip>{words(token.role)}</Chip></td>
                    <td className="num muted">{dayAndClock(Date.parse(token.created), zone)}</td>
                    <td className="r">{token.revoked ? <Chip>{t.admin.revoked}</Chip> : <Button small kind="danger" aria-label={`${t.admin.revoke} ${token.name}`} onClick={() => end.mutate(token.id)}>{t.admin.revoke}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {adding && <AddToken onClose={() => setAdding(false)} />}
    </Card>
  );
}

function AddToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<string>("clinician");
  const client = useQueryClient();
  const add = useMutation({ mutationFn: () => post("/v1/tokens", { body: { name, role } }), onSuccess: () => void client.invalidateQueries({ queryKey: ["tokens"] }) });
  const problem = add.error instanceof Problem ? add.error : null;
  if (add.data)
    return (
      <Dialog title={t.admin.addToken} onClose={onClose} foot={<Button kind="primary" onClick={onClose}>{t.close}</Button>}>
        <p>{t.admin.once}</p>
        <code className="secret">{add.data.token}</code>
      </Dialog>
    );
  return (
    <Dialog title={t.admin.addToken} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" type="submit" form="token" disabled={add.isPending}>{t.admin.addToken}</Button></>}>
      <form id="token" className="stack" onSubmit={(e) => { e.preventDefault(); add.mutate(); }}>
        {problem && <Notice tone="bad">{sentence(problem.detail)} {sentence(problem.fix)}</Notice>}
        <Field label={t.login.name} hint={t.admin.tokenHint}>{(ids) => <input {...ids} className="input" required autoFocus value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <RoleField role={role} onRole={setRole} />
      </form>
    </Dialog>
  );
}

function Audit() {
  const zone = useZone(undefined);
  const pages = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => get("/v1/audit", { query: { newest: true, after: pageParam, limit: 100 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.next ? Number(last.next) : undefined),
  });
  const [changes, setChanges] = useState(true);
  const rows = (pages.data?.pages.flatMap((page) => page.items) ?? []).filter((entry) => !changes || entry.method !== "GET");
  return (
    <Card title={t.admin.audit} body={false} note={t.admin.auditNote} actions={<label className="toggle small"><input type="checkbox" checked={changes} onChange={(e) => setChanges(e.target.checked)} /> {t.admin.changesOnly}</label>}>
      <Loaded query={{ ...pages, data: pages.data?.pages[0] }} height={240}>
        {() => (
          <div className="scroll" style={{ maxHeight: 460 }} tabIndex={0} role="region" aria-label={t.admin.audit}>
            <table className="table">
              <thead><tr><th scope="col">{t.chart.time}</th><th scope="col">{t.admin.who}</th><th scope="col">{t.admin.what}</th><th scope="col" className="r">{t.home.status}</th><th scope="col">{t.admin.address}</th></tr></thead>
              <tbody>{rows.map((entry) => <AuditRow key={entry.n} entry={entry} zone={zone} />)}</tbody>
            </table>
          </div>
        )}
      </Loaded>
      {pages.hasNextPage && <Button small kind="quiet" className="more" disabled={pages.isFetching} onClick={() => void pages.fetchNextPage()}>{t.more}</Button>}
    </Card>
  );
}

function AuditRow({ entry, zone }: { entry: AuditEntry; zone: string }) {
  return (
    <tr>
      <td className="num nowrap">{full(Date.parse(entry.at), zone)}</td>
      <td className="strong">{entry.actor}</td>
      <td><span className="mono small">{entry.method} {entry.path}</span> <span className="muted small">{entry.permission}</span></td>
      <td className="r">{entry.status < 400 ? entry.status : <Chip tone="bad">{entry.status}</Chip>}</td>
      <td className="mono small muted">{entry.address}</td>
    </tr>
  );
}
