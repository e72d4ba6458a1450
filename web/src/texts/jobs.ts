/** Jobs. */
export const jobs = {
  title: "Jobs",
  sub: "What takes longer than an answer should. Jobs survive a restart of the server and can be cancelled.",
  none: "No job yet",
  noneText: "Calibrations, backtests and evidence run here.",
  job: "Job",
  outcome: "Outcome",
  begun: "Started",
  took: "Took",
  cancelled: "Cancelled.",
  claims: (n: number) => `${n} claims measured`,
  states: { queued: "Queued", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled" },
} as const;
