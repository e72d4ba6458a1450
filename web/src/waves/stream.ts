/** The stream of one twin's waveforms: goes on where it was cut off, by the instant up to which it was told. */
export interface Told {
  channel: string;
  unit: string;
  rate: number;
  start: string;
  samples: (number | null)[];
}
const RETRY = 2000; // ms before a stream that the browser gave up is opened again

export function listen(twin: string, take: (told: Told) => void, state: (live: boolean) => void): () => void {
  let source: EventSource | undefined;
  let last = "";
  let again: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const here = new EventSource(`/v1/twins/${twin}/waveforms/stream${last ? `?after=${last}` : ""}`);
    source = here;
    here.onopen = () => state(true);
    here.onerror = () => {
      state(false);
      if (here.readyState === EventSource.CLOSED) again = setTimeout(open, RETRY);
    };
    here.addEventListener("samples", (event) => {
      last = event.lastEventId || last;
      take(JSON.parse(event.data as string) as Told);
    });
  };
  open();
  return () => {
    clearTimeout(again);
    source?.close();
  };
}
