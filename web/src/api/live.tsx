/** The live stream: one connection a page, resumed where it was cut off, telling queries what became stale. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

export type Link = "connecting" | "live" | "lost";
const TYPES = ["twin", "readings", "action", "kept_aside", "belief", "forecast", "alert", "job"] as const;
type Type = (typeof TYPES)[number];
const PAUSE = 700; // ms in which events gather before anything is read anew
const RETRY = 2000; // ms before a stream that the browser gave up is opened again

const State = createContext<Link>("connecting");
export const useLink = () => useContext(State);

/** Which queries an event makes stale; their keys begin with these words. */
export function stale(type: Type, twin: string): string[][] {
  const own = (...names: string[]) => names.map((name) => ["twin", twin, name]);
  switch (type) {
    case "twin":
      return [["overview"]];
    case "readings":
      return [["overview"], ...own("state", "timeline", "calibration", "sources")];
    case "action":
      return [...own("state", "timeline", "actions")];
    case "kept_aside":
      return own("aside");
    case "belief":
      return [["overview"], ...own("state", "belief", "calibration", "fit")];
    case "forecast":
      return [["overview"], ...own("forecasts")];
    case "alert":
      return [["overview"], ["alerts"], ...own("alerts")];
    case "job":
      return [["jobs"], ["trials"], ["fits"]];
  }
}

class Stream {
  private source?: EventSource;
  private last = "";
  private waiting = new Map<string, string[]>();
  private timer?: ReturnType<typeof setTimeout>;
  private again?: ReturnType<typeof setTimeout>;

  constructor(
    private readonly client: QueryClient,
    private readonly tell: (link: Link) => void,
  ) {
    this.open();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.again);
    this.source?.close();
  }

  private open() {
    const source = new EventSource(this.last ? `/v1/stream?after=${this.last}` : "/v1/stream");
    this.source = source;
    source.onopen = () => this.tell("live");
    source.onerror = () => {
      this.tell("lost");
      if (source.readyState === EventSource.CLOSED) this.again = setTimeout(() => this.open(), RETRY);
    };
    for (const type of TYPES) source.addEventListener(type, (event) => this.take(type, event as MessageEvent<string>));
  }

  private take(type: Type, event: MessageEvent<string>) {
    this.last = event.lastEventId || this.last;
    const { twin } = JSON.parse(event.data) as { twin: string };
    for (const key of stale(type, twin)) this.waiting.set(key.join("|"), key);
    this.timer ??= setTimeout(() => this.flush(), PAUSE);
  }

  private flush() {
    this.timer = undefined;
    const keys = [...this.waiting.values()];
    this.waiting.clear();
    for (const queryKey of keys) void this.client.invalidateQueries({ queryKey });
  }
}

export function Live({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [link, setLink] = useState<Link>("connecting");
  useEffect(() => {
    let before: Link = "connecting";
    const stream = new Stream(client, (next) => {
      if (before === "lost" && next === "live") void client.invalidateQueries(); // what the gap may have hidden
      before = next;
      setLink(next);
    });
    return () => stream.close();
  }, [client]);
  return <State.Provider value={link}>{children}</State.Provider>;
}
