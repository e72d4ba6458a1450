/** Charts. */
export const chart = {
  now: "now",
  span: "Time shown",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  table: "Table",
  time: "Time",
  role: "time chart",
  keys: "Arrow keys move the crosshair, plus and minus zoom. The table button shows the numbers.",
  move: "Arrow keys move it by five minutes, page up and down by half an hour.",
} as const;
