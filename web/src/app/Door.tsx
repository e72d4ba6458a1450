/** Log-in, and the set-up of a new server with its one-time token (in a link: /setup#token=...). */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";
import { post, Problem, session } from "../api/http";
import { Button, Field, Notice, sentence } from "../design/parts";
import { t } from "../texts";

interface Words {
  name: string;
  password: string;
  token: string;
}

function useForm(send: (words: Words) => Promise<void>, token = "") {
  const [words, setWords] = useState<Words>({ name: "", password: "", token });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await send(words);
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, String(error)));
      setBusy(false);
    }
  };
  const bind = (name: keyof Words) => ({ value: words[name], onChange: (e: { target: { value: string } }) => setWords({ ...words, [name]: e.target.value }), className: "input", required: true });
  const fault = (name: string) => (problem?.where.endsWith(name) ? `${problem.detail}${problem.fix ? `: ${problem.fix}` : ""}` : undefined);
  const general = problem && !["name", "password", "token"].some((name) => problem.where.endsWith(name)) ? problem : null;
  return { submit, bind, fault, general, busy };
}

export function Login() {
  const client = useQueryClient();
  const [, go] = useLocation();
  const from = new URLSearchParams(location.search);
  const form = useForm(async ({ name, password }) => {
    const me = await post("/v1/sessions", { body: { name, password } });
    session.remember(me.csrf);
    client.setQueryData(["me"], me);
    const to = from.get("to") ?? "/";
    go(to.startsWith("/") && !to.startsWith("//") ? to : "/", { replace: true });
  });
  return (
    <Gate title={t.login.title}>
      <form className="stack" onSubmit={(e) => void form.submit(e)}>
        {from.has("lost") && !form.general && <Notice tone="warn">{t.login.lost}</Notice>}
        {from.has("made") && !form.general && <Notice tone="good">{t.login.made}</Notice>}
        {form.general && <Notice tone="bad">{sentence(form.general.detail)}</Notice>}
        <Field label={t.login.name} fault={form.fault("name")}>
          {(ids) => <input {...ids} {...form.bind("name")} autoComplete="username" autoFocus />}
        </Field>
        <Field label={t.login.password} fault={form.fault("password")}>
          {(ids) => <input {...ids} {...form.bind("password")} type="password" autoComplete="current-password" />}
        </Field>
        <Button type="submit" kind="primary" disabled={form.busy}>
          {t.login.go}
        </Button>
      </form>
      <p className="small">
        <Link href="/setup">{t.login.setup}</Link>
      </p>
    </Gate>
  );
}

export function SetUp() {
  const client = useQueryClient();
  const [, go] = useLocation();
  const told = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  const form = useForm(async ({ token, name, password }) => {
    await post("/v1/setup", { body: { token: token.trim(), name, password } });
    const me = await post("/v1/sessions", { body: { name, password } });
    session.remember(me.csrf);
    client.setQueryData(["me"], me);
    go("/", { replace: true });
  }, told);
  return (
    <Gate title={t.setup.title}>
      <p className="muted">{t.setup.intro}</p>
      <form className="stack" onSubmit={(e) => void form.submit(e)}>
        {form.general && (
          <Notice tone="bad">
            {sentence(form.general.detail)} {sentence(form.general.fix)}
          </Notice>
        )}
        <Field label={t.setup.token} fault={form.fault("token")}>
          {(ids) => <input {...ids} {...form.bind("token")} autoComplete="off" spellCheck={false} autoFocus={!told} />}
        </Field>
        <Field label={t.login.name} fault={form.fault("name")}>
          {(ids) => <input {...ids} {...form.bind("name")} autoComplete="username" autoFocus={!!told} />}
        </Field>
        <Field label={t.setup.password} fault={form.fault("password")}>
          {(ids) => <input {...ids} {...form.bind("password")} type="password" autoComplete="new-password" />}
        </Field>
        <Button type="submit" kind="primary" disabled={form.busy}>
          {t.setup.go}
        </Button>
      </form>
      <p className="small">
        <Link href="/login">{t.setup.back}</Link>
      </p>
    </Gate>
  );
}

function Gate({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="door">
      <div>
        <div className="card">
          <div className="body">
            <h1>
              <img src="/favicon.svg" width={26} height={26} alt="" /> {title}
            </h1>
            {children}
          </div>
        </div>
        <p className="foot">
          {t.app}. {t.research}
        </p>
      </div>
    </main>
  );
}
