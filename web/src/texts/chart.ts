/** Charts. */
export const chart = {
  now: "now",
  span: "Time shown",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  table: "Table",
  time: "Time",
  role: "time chart",
  keys: "Arrow keys move the crosshair, plus and minus zoom, Home and End go to either end. The table button shows the numbers.",
  moveDays: "Arrow keys move it by a day, page up and down by six.",
  move: "Arrow keys move it by five minutes, page up and down by half an hour.",
} as const;
