/** Live waveforms. */
export const waves = {
  title: "Waveforms",
  tab: "Waveforms",
  none: "No waveform comes",
  noneText: "A bedside monitor sends them over MQTT or HTTP; the last two minutes are held, none of it in the record.",
  window: "Time across",
  freeze: "Freeze",
  go: "Go on",
  frozen: "Frozen",
  note: "Live, the last two minutes are held",
  lost: "The connection is lost. It goes on by itself where it was cut off.",
  trace: (name: string) => `${name} over the last seconds; its numbers stand beside it`,
  rate: (hz: string) => `${hz} Hz`,
  mean: (v: string) => `mean ${v}`,
  perMinute: "a minute",
  nothing: "nothing measured",
} as const;
