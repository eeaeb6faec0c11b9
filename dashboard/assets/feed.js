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
    list.replaceChildren(...rows.map((row) => known.get(row.id) || line(row)));
  };
  live.showTimes = () => {
    const units = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [1209600, 86400, "d"]];
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000, unit = units.find((u) => seconds < u[0]);
      const text = seconds < 5 ? "just now" : unit && Math.floor(seconds / unit[1]) + " " + unit[2] + " ago";
      if (text && element.textContent !== text) element.textContent = text;
    }
  };
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
  };
  /* What had the focus was put in place anew: its likeness has it from now on, or else the page's content; never nothing. */
  let held = null;
  addEventListener("focusin", (event) => { held = event.target; });
  function keepFocus() {
    if (!held || held.isConnected || (document.activeElement && document.activeElement !== document.body)) return;
    const { id, tagName, textContent, selectionEnd } = held;
    const same = (id && document.getElementById(id)) || [...document.querySelectorAll("#page " + tagName)].find((one) => textContent && one.textContent === textContent);
    held = null;
    (same || document.getElementById("page") || document.body).focus({ preventScroll: true });
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
