/** Cohort. */
export const cohort = {
  title: "Cohort",
  sub: "Twins of a kind beside each other, by what their newest forecasts come to.",
  none: "No forecast to rank by",
  noneText: "Follow some twins of this kind: each forecast brings its quantities.",
  quantity: "Ranked by",
  atLeast: (unit: string) => `at least${unit ? ` (${unit})` : ""}`,
  count: (some: number, all: number) => `${some} of ${all}`,
  export: "Export CSV",
  note: "Medians with 50 and 90 % bands, over the hours of each twin’s standing forecast.",
} as const;
