/** Where alerts are told: webhooks and mail, made, changed, tried, ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Mail, Pencil, Plus, Send, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import { del, post, put } from "../../api/http";
import { useChannels } from "../../api/queries";
import type { Channel, NewChannel } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Dialog, Empty, Field, Loaded, Notice, Segmented, sentence } from "../../design/parts";
import { faultsOf } from "../../lib/faults";
import { t } from "../../texts";

type Kind = "webhook" | "smtp";
const FIELDS: Record<Kind, readonly ["url" | "host" | "port" | "from" | "to", string, string][]> = {
  webhook: [["url", "url", "https://"]],
  smtp: [["host", "text", ""], ["port", "number", "587"], ["from", "email", ""], ["to", "email", ""]],
};
const placeOf = (channel: Channel) => String(channel.type === "webhook" ? channel.target.url : channel.target.to);

export function Channels() {
  const channels = useChannels(true);
  const [asked, setAsked] = useState<{ change?: Channel; end?: Channel } | null>(null);
  return (
    <Card title={t.rules.channels} body={false} actions={<Button small onClick={() => setAsked({})}><Plus size={14} aria-hidden /> {t.rules.addChannel}</Button>}>
      <Loaded query={channels} height={120}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.rules.noChannels} icon={<Send size={26} strokeWidth={1.5} aria-hidden />}><p>{t.rules.noChannelsText}</p></Empty>
          ) : (
            <ul className="channels">{items.map((one) => <Line key={one.id} channel={one} onChange={() => setAsked({ change: one })} onEnd={() => setAsked({ end: one })} />)}</ul>
          )
        }
      </Loaded>
      {asked?.end && <End channel={asked.end} onClose={() => setAsked(null)} />}
      {asked && !asked.end && <Form channel={asked.change} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function Line({ channel, onChange, onEnd }: { channel: Channel; onChange: () => void; onEnd: () => void }) {
  const place = placeOf(channel);
  const Icon = channel.type === "webhook" ? Webhook : Mail;
  const test = useMutation({ mutationFn: () => post("/v1/alert-channels/{channel_id}/test", { path: { channel_id: channel.id } }) });
  return (
    <li>
      <Icon size={16} aria-hidden />
      <span className="clip"><span className="strong">{place}</span> <span className="muted">{t.rules.types[channel.type as Kind]}, {t.rules.tolds[channel.escalation as 0 | 1]}</span></span>
      <span className="spring" />
      <Button small disabled={test.isPending} aria-busy={test.isPending} onClick={() => test.mutate()}><Send size={13} aria-hidden /> {t.rules.test}</Button>
      <Button small icon kind="quiet" aria-label={`${t.rules.change}: ${place}`} onClick={onChange}><Pencil size={14} aria-hidden /></Button>
      <Button small icon kind="quiet" aria-label={t.rules.endTitle(place)} onClick={onEnd}><Trash2 size={14} aria-hidden /></Button>
      <div className="tried" role="status">
        {test.data && <Notice tone={test.data.delivered ? "good" : "warn"}>{test.data.delivered ? t.rules.delivered : sentence(t.rules.undelivered(test.data.error ?? ""))}</Notice>}
        {test.error ? <Notice tone="warn">{reasonOf(test.error)}</Notice> : null}
      </div>
    </li>
  );
}

function Form({ channel, onClose }: { channel: Channel | undefined; onClose: () => void }) {
  const [type, setType] = useState<Kind>((channel?.type as Kind) ?? "webhook");
  const [target, setTarget] = useState<Record<string, unknown>>(channel?.target ?? {});
  const [escalation, setEscalation] = useState(channel?.escalation ?? 0);
  const client = useQueryClient();
  const tell = useToast();
  const send = useMutation({
    mutationFn: (): Promise<unknown> => {
      const named = Object.fromEntries(FIELDS[type].map(([name]) => [name, name === "port" ? Number(target.port ?? 587) : String(target[name] ?? "").trim()]));
      const body = { type, target: type === "smtp" ? { ...named, starttls: target.starttls !== false } : named, escalation } as NewChannel;
      if (!channel) return post("/v1/alert-channels", { body });
      return put("/v1/alert-channels/{channel_id}", { path: { channel_id: channel.id }, body, headers: { "If-Match": `"${channel.tag}"` } });
    },
    onSuccess: () => (tell(t.rules.saved), onClose()),
    onSettled: () => void client.invalidateQueries({ queryKey: ["channels"] }),
  });
  const faults = faultsOf(send.error, FIELDS[type].map(([name]) => name));
  return (
    <Dialog
      title={channel ? `${t.rules.change}: ${placeOf(channel)}` : t.rules.addChannel}
      onClose={onClose}
      foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" type="submit" form="channel" disabled={send.isPending}>{t.save}</Button></>}
    >
      <form id="channel" className="stack" noValidate onSubmit={(e) => (e.preventDefault(), send.mutate())}>
        {faults.rest && <Notice tone="bad">{sentence(faults.rest)}</Notice>}
        {!channel && <Segmented<Kind> label={t.rules.type} value={type} options={Object.entries(t.rules.types) as [Kind, string][]} onChange={setType} />}
        {FIELDS[type].map(([name, kind, hint]) => (
          <Field key={name} label={t.rules[name]} fault={faults.at[name]}>
            {(ids) => <input {...ids} className="input" type={kind} placeholder={hint} value={String(target[name] ?? "")} onChange={(e) => setTarget({ ...target, [name]: e.target.value })} />}
          </Field>
        ))}
        {type === "smtp" && <label className="row"><input type="checkbox" checked={target.starttls !== false} onChange={(e) => setTarget({ ...target, starttls: e.target.checked })} /> {t.rules.starttls}</label>}
        <Field label={t.rules.told}>
          {(ids) => (
            <select {...ids} className="input" value={escalation} onChange={(e) => setEscalation(Number(e.target.value))}>
              {Object.entries(t.rules.tolds).map(([key, said]) => <option key={key} value={key}>{said}</option>)}
            </select>
          )}
        </Field>
      </form>
    </Dialog>
  );
}

function End({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const client = useQueryClient();
  const tell = useToast();
  const end = useMutation({
    mutationFn: () => del("/v1/alert-channels/{channel_id}", { path: { channel_id: channel.id } }),
    onSuccess: () => (tell(t.rules.ended), onClose()),
    onError: (error) => tell(reasonOf(error), "bad"),
    onSettled: () => void client.invalidateQueries({ queryKey: ["channels"] }),
  });
  return (
    <Dialog title={t.rules.endTitle(placeOf(channel))} onClose={onClose} foot={<><Button onClick={onClose}>{t.cancel}</Button><Button kind="primary" disabled={end.isPending} onClick={() => end.mutate()}>{t.rules.end}</Button></>}>
      <p>{t.rules.endChannelText}</p>
    </Dialog>
  );
}
