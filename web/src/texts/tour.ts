/** The tour. */
export const tour = {
  title: "Three-minute tour",
  invite: "New here?",
  inviteText: "Three minutes show what a twin knows, what it can be asked, and how far to trust it.",
  start: "Take the tour",
  later: "Not now",
  end: "End the tour",
  next: "Next",
  back: "Back",
  done: "Done",
  of: (n: number, all: number) => `${n} of ${all}`,
  steps: [
    { path: "/", at: "[data-tour=attention]", title: "What needs you, first", text: "Open alerts, sensors that fell silent, forecasts that drift: the worst on top, each with its reason. Nothing here means nothing waits." },
    { path: "/", at: "[data-tour=twins]", title: "Every twin at a glance", text: "Each card is a model kept in step with one real thing: its newest reading, its recent course, whether it is followed live." },
    { path: "/twins/:twin", at: ".time-card", title: "Observed, and what comes next", text: "Points are what was measured. The line is what the twin expects, with the bands in which half and nine tenths should fall. Drag to pan, plus and minus to zoom." },
    { path: "/twins/:twin", at: ".walk", title: "Walk back in time", text: "Move the slider: you see only what was known then, the forecast made then, and beside it what really came." },
    { path: "/twins/:twin/what-if", at: ".choices", title: "Ask what if", text: "Build an option from the actions this kind knows. Drag it along the time axis, or change a dose: the comparison follows, under the same draws." },
    { path: "/twins/:twin/what-if", at: ".questions", title: "Ask what is best", text: "Ready questions propose options from published sources and rank them under limits that must hold. What you accept becomes part of the plan." },
    { path: "/twins/:twin/why", at: ".gauges", title: "See what was learned", text: "Each bar says how much of a parameter was learned from this very subject. What was not learned is the population’s, and it says so." },
    { path: "/twins/:twin/trust", at: ".trust", title: "Know how far to trust it", text: "Its own past forecasts against what came, and every claim with what was measured. Claims that are not met are shown as not met." },
  ],
} as const;
