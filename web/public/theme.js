// Before the first paint: the theme chosen in this browser, else the one the system asks for.
(function () {
  var chosen = "system";
  try {
    chosen = JSON.parse(localStorage.getItem("vitruvian.settings") || "{}").theme || "system";
  } catch (_) {
    /* storage is closed to us: the system's theme it is */
  }
  var dark = matchMedia("(prefers-color-scheme: dark)").matches;
  var contrast = matchMedia("(prefers-contrast: more)").matches;
  var system = contrast ? "contrast" : dark ? "dark" : "light";
  document.documentElement.dataset.theme = chosen === "system" ? system : chosen;
})();
