/** Panel of a heart that is activated: twelve leads, pacing options side by side. */
export const ecg = {
  noBelief: "The ECG needs a calibrated twin.",
  working: "Running the beat for every member",
  beside: "Drawn beside it",
  nothing: "nothing",
  planned: "As planned",
  leadOf: (name: string, options: string) => `Lead ${name} over one beat, median with 90 % band: ${options}. Times are in the table.`,
  grid: "Small squares: 0.1 mV and 40 ms; large ones 0.5 mV and 200 ms.",
  table: "Options side by side: medians with 90 % intervals",
  option: "Option",
  arrivals: (option: string) => `Mean arrival by segment, ${option}`,
  bullseye: (option: string, first: string, last: string) => `Bull's eye of the left ventricle, ${option}: first ${first}, last ${last}.`,
  ms: "ms",
  rings: "Outer ring: base. Middle: apex. Front above, septum on the left.",
} as const;
