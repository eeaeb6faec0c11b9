/* The stream of events, relative times, and links that stay inside: painted as DOM, because it is quick; texts stay texts. */
(function () {
  const live = (window.lifecycle = window.lifecycle || {});
  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }
  function line(row) {
    const item = element("li"), text = row.href ? element("a", "link", row.text) : row.text, time = element("time");
    if (row.href) { text.href = row.href; text.dataset.inside = ""; }
    item.dataset.event = row.id;
    time.dateTime = row.time;
    time.dataset.relative = "true";
    time.title = new Date(row.time).toUTCString();
    const icon = element("span", "feed-icon " + row.tone, element("span", "icon icon-" + row.icon));
    icon.setAttribute("aria-hidden", "true");
    item.append(icon, element("div", "feed-body", element("div", "feed-text", element("span", "feed-actor", row.actor), " ", text),
      element("div", "feed-meta", time)));
    return item;
  }
  live.paintFeed = (rows) => {
    const list = document.getElementById("feed");
    if (!list) return;
    const known = new Map([...list.children].map((item) => [item.dataset.event, item]));
    const newest = new Set(rows.map((row) => row.id)); // where all of them are looked at, older ones stay below if nothing is missing between
    const older = list.closest(".long") && rows.some((row) => known.has(row.id)) ? [...list.children].filter((item) => !newest.has(item.dataset.event)).slice(0, 470) : [];
    list.replaceChildren(...rows.map((row) => known.get(row.id) || line(row)), ...older);
  };
  /* Times as people like them best: how long ago, by the clock here, or in UTC. */
  const TIMES = "lifecycle-times", MODES = { ago: "Relative", here: "Local", utc: "UTC" };
  const mode = () => (localStorage.getItem(TIMES) in MODES ? localStorage.getItem(TIMES) : "ago");
  function clock(moment, utc) {
    const zone = utc ? { timeZone: "UTC" } : {}, day = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
    return new Intl.DateTimeFormat("en-GB", { ...day, ...zone, timeZoneName: "short" }).format(moment).replace("Sept", "Sep");
  }
  live.showTimes = () => {
    const units = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [1209600, 86400, "d"]], how = mode();
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const moment = new Date(element.dateTime), seconds = (Date.now() - moment) / 1000, unit = units.find((u) => seconds < u[0]);
      const ago = seconds < 5 ? "just now" : unit && Math.floor(seconds / unit[1]) + " " + unit[2] + " ago";
      const text = how === "ago" && ago ? ago : element.dataset.clock === how ? element.textContent : clock(moment, how !== "here");
      element.dataset.clock = how === "ago" && ago ? "" : how;
      if (element.textContent !== text) element.textContent = text;
      if (!element.dataset.both) { element.dataset.both = "1"; element.title = clock(moment, true) + " · " + clock(moment, false); }
    }
    const word = document.getElementById("times-word");
    if (word && word.textContent !== MODES[how]) word.textContent = MODES[how];
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#times")) return;
    const all = Object.keys(MODES);
    localStorage.setItem(TIMES, all[(all.indexOf(mode()) + 1) % all.length]);
    live.showTimes();
  });
  /* A page was put in place: its feed and its times have to be shown. */
  live.showPage = () => {
    const list = document.getElementById("feed");
    if (list && !list.children.length) live.paintFeed(JSON.parse(list.dataset.rows || "[]"));
    live.showTimes();
    for (const graph of document.querySelectorAll(".lineage:not([data-placed])")) { // the thing in question in the middle
      const chosen = graph.querySelector(".chosen");
      if (chosen) graph.scrollLeft = chosen.parentElement.offsetLeft - (graph.clientWidth - chosen.offsetWidth) / 2;
      graph.dataset.placed = "";
    }
    for (const tabs of document.querySelectorAll(".tabs:not([data-placed])")) { // and the chosen one of many in sight
      const chosen = tabs.querySelector("input:checked + label, [data-active]");
      if (chosen) tabs.scrollLeft = chosen.offsetLeft - (tabs.clientWidth - chosen.offsetWidth) / 2;
      if (chosen && chosen.offsetWidth) tabs.dataset.placed = "";
    }
  };
  /* What had the focus was put in place anew: its likeness has it from now on, or else the page's content; never nothing. */
  let held = null;
  const seen = (one) => one && one.checkVisibility() && one; // what is folded away can't have it
  addEventListener("focusin", (event) => { held = event.target; });
  let typed = null; // the field that somebody has typed in last
  addEventListener("input", (event) => { typed = event.target; });
  /* What was being typed into a field that was put in place anew goes on in the new one. */
  function keepText(field, former) {
    if (typed !== former || field.tagName !== "INPUT" || field.hasAttribute("aria-haspopup") || !field.id.includes('"state"') || field.value === former.value) return;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, former.value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function keepFocus() {
    if (!held || held.isConnected || (document.activeElement && document.activeElement !== document.body)) return;
    const former = held, { id, tagName, textContent, selectionEnd } = held;
    const asked = held.closest("[role=dialog]") && live.pressed; // a dialog has gone: back to the button that opened it
    const same = (asked && document.getElementById(asked)) || (id && seen(document.getElementById(id))) || (live.likeness && live.likeness()) || [...document.querySelectorAll("#page " + tagName)].find((one) => textContent && one.textContent === textContent);
    held = null;
    (same || document.getElementById("page") || document.body).focus({ preventScroll: true });
    if (same && same.id === id) keepText(same, former);
    if (same && typeof selectionEnd === "number") same.setSelectionRange(selectionEnd, selectionEnd);
  }
  /* Whenever something was put in place: before it is painted, so that nobody sees a time change its form. */
  new MutationObserver((changes) => {
    keepFocus();
    if (changes.some((change) => [...change.addedNodes].some((node) => node.nodeType === 1))) live.showPage();
  }).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-inside]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    window.dash_clientside.set_props("url", { pathname: link.pathname, search: link.search });
  });
})();
