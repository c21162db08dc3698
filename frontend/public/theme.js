// Before the first paint: the theme that was chosen, or the system's.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("ctnr.theme");
  } catch {}
  var isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
