/* The command palette and the keys: opens native dialogs (which hold the focus and close on Escape), moves the choice,
   and follows it. What is found is Python's to say. */
(function () {
  const $ = (id) => document.getElementById(id), OFF = "lifecycle-keys-off", PAUSE = 1200;
  const options = () => [...document.querySelectorAll("#palette [role=option]")];
  const go = (href) => { const to = new URL(href, location); window.dash_clientside.set_props("url", { pathname: to.pathname, search: to.search }); };
  const prepared = () => $("palette-list") || window.dash_clientside.set_props("palette-words", { n_submit: Date.now() });
  const off = () => localStorage.getItem(OFF) === "1";
  let waiting = 0, picked = "";
  const chosen = () => options().findIndex((option) => option.dataset.href === picked);
  function choose(place) {
    const all = options(), at = all.length ? (place + all.length) % all.length : -1;
    all.forEach((option, i) => option.setAttribute("aria-selected", i === at));
    if (at >= 0) { picked = all[at].dataset.href; all[at].scrollIntoView({ block: "nearest" }); }
    $("palette-words").setAttribute("aria-activedescendant", at >= 0 ? all[at].id : "");
  }
  /* What was found is shown: the first of it is chosen; shown once more, what has been chosen meanwhile stays. */
  let shownFor = null;
  function settle() {
    const words = $("palette-words").value;
    choose(words === shownFor ? Math.max(chosen(), 0) : 0);
    shownFor = words;
  }
  function open() {
    const field = $("palette-words");
    if ($("palette").open || document.querySelector("dialog[open], .mantine-Modal-content")) return;
    prepared();
    field.setAttribute("role", "combobox");
    $("palette").showModal();
    field.focus();
    field.select();
    choose(0);
  }
  function follow(option) {
    if (!option) return;
    $("palette").close();
    go(option.dataset.href);
    $("page").focus();
  }
  function help() {
    if (document.querySelector("dialog[open], .mantine-Modal-content")) return;
    $("keys-switch").textContent = off() ? "Switch them on" : "Switch them off";
    $("keys").showModal();
    $("keys-close").focus();
  }
  /* From line to line of the page's lists: to the first link of each. */
  function step(by) {
    const lines = [...document.querySelectorAll("#page tbody tr, #page .feed > li, #page .lineage li")].filter((line) => line.checkVisibility() && line.querySelector("a"));
    const at = lines.findIndex((line) => line.contains(document.activeElement)), next = lines[at < 0 ? (by > 0 ? 0 : lines.length - 1) : at + by];
    if (!next) return;
    next.querySelector("a").focus();
    next.scrollIntoView({ block: "nearest" });
  }
  /* Disclosures above a list close on Escape and on a click beside them. */
  const dropped = () => document.querySelectorAll("details.dropdown[open]");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const one of dropped()) { one.open = false; one.querySelector("summary").focus(); }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); return; }
    if (event.target.id === "palette-words") {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(Math.max(chosen(), 0) + step); shownFor = event.target.value; }
      if (event.key === "Enter") { event.preventDefault(); follow(options()[Math.max(chosen(), 0)]); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || off() || document.querySelector("dialog[open], .mantine-Modal-content")) return;
    if (event.target.closest("input, textarea, select, [contenteditable=true], [role=combobox]")) return;
    const second = waiting > Date.now() && JSON.parse($("palette").dataset.keys)[event.key];
    waiting = event.key === "g" ? Date.now() + PAUSE : 0;
    if (second) { event.preventDefault(); go(second); }
    else if (event.key === "/") { event.preventDefault(); open(); }
    else if (event.key === "?") { event.preventDefault(); help(); }
    else if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); }
  });
  document.addEventListener("click", (event) => {
    const within = (selector) => event.target.closest(selector);
    for (const one of dropped()) if (event.target.isConnected && !one.contains(event.target)) one.open = false;
    if (within("#palette-button")) open();
    else if (within("#palette [role=option]")) follow(within("#palette [role=option]"));
    else if (within("#keys-close") || event.target.matches("dialog.palette")) within("dialog").close(); // a click beside it
    else if (within("#keys-switch")) { localStorage.setItem(OFF, off() ? "0" : "1"); $("keys").close(); }
  });
  const later = () => ($("palette-words") ? prepared() : setTimeout(later, 500)); // nobody waits for it
  addEventListener("load", () => setTimeout(later, 500));
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    palette: { shown: () => { setTimeout(settle); return window.dash_clientside.no_update; } },
  });
})();
