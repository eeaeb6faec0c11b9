/* The live part of the browser: one WebSocket that always comes back, its frames put where they belong, and a badge
   that says how things are. `charts.js` and `feed.js` put rows and lines; everything else is Python. */
(function () {
  const PAUSES = [250, 500, 1000, 2000, 4000], STALE_AFTER = 7000, BATCH = 60, FIRST = 30, ANEW = 200, RECENT = 10000, HELD = 30000;
  let socket = null, tries = 0, heard = 0, topics = [], upstream = { live: true }, paused = false, lost = false, pressed = 0, badge = "";
  const props = new Map(), placed = new Map(), rows = new Map(), recent = new Map(), live = (window.lifecycle = window.lifecycle || {});
  let lines = null, asking = null, ticks = 0, timer = null, flushed = 0, healing = 0, patience = 2000;
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const put = (id, values) => document.getElementById(id) && window.dash_clientside.set_props(id, values);

  /* A pushed figure takes over what somebody did to the chart: the zoom, and lines that were hidden by the legend. */
  function kept(id, { figure, ...others }) {
    const place = figure && document.getElementById(id), chart = place && place.querySelector(".js-plotly-plot"), full = chart && chart._fullLayout;
    if (!full) return figure ? { figure, ...others } : others;
    const layout = { ...figure.layout };
    for (const axis of ["xaxis", "yaxis"])
      if (full[axis] && full[axis].autorange === false && !(layout[axis] || {}).range) layout[axis] = { ...layout[axis], range: [...full[axis].range], autorange: false };
    const hidden = new Set(chart._fullData.filter((trace) => trace.visible === "legendonly").map((trace) => trace.name));
    const data = figure.data.map((trace) => (hidden.has(trace.name) ? { ...trace, visible: "legendonly" } : trace));
    return { ...others, figure: { ...figure, data, layout } };
  }

  function connect() {
    const base = location.origin.replace(/^http/, "ws");
    socket = new WebSocket(base + prefix() + "live/ws");
    socket.onopen = () => {
      tries = 0; heard = Date.now(); watch(topics);
      if (lost && document.querySelector("#page [aria-busy]")) window.dash_clientside.set_props("again", { data: Date.now() }); // its request went under
      lost = false;
    };
    socket.onmessage = (message) => { heard = Date.now(); take(JSON.parse(message.data)); };
    socket.onclose = (event) => {
      if (event.code === 4401) { location.assign(prefix() + "sign-in"); return; }
      lost = true;
      setTimeout(connect, PAUSES[Math.min(tries++, PAUSES.length - 1)] * (0.7 + 0.3 * Math.random()));
      show();
    };
  }
  function watch(wanted) {
    topics = wanted;
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ watch: topics }));
  }
  function take(frame) {
    if (frame.beat) upstream = frame.beat;
    for (const id in frame.set || {}) props.set(id, frame.set[id]);
    for (const row of frame.rows || []) { rows.set(row.x, row); recent.set(row.x, { row, at: heard }); }
    if (frame.feed) lines = frame.feed;
    if (!timer) timer = setTimeout(flush, Math.max(0, flushed + BATCH - Date.now()));
    show();
  }
  function flush() {
    timer = null;
    flushed = Date.now();
    if (paused || Date.now() - pressed < HELD) { show(); return; }
    if (!lines) { putAll(); return; }
    live.paintFeed(lines);
    lines = null;
    setTimeout(putAll, FIRST); // the new line is in the pixels before figures and tables are drawn again
  }
  function putAll() {
    for (const [id, values] of props) {
      const text = JSON.stringify(values);
      if (placed.get(id) !== text) put(id, kept(id, values)); // after a break much comes that stands there: charts keep their zoom
      placed.set(id, text);
    }
    props.clear();
    if (rows.size) window.dash_clientside.set_props("live-tick", { data: ++ticks });
  }
  function show() {
    const open = socket && socket.readyState === WebSocket.OPEN, waiting = props.size + rows.size + (lines ? 1 : 0);
    const state = !open || !upstream.live ? "reconnecting" : Date.now() - heard > STALE_AFTER ? "stale" : "live";
    const words = { live: "Live", stale: "Stale", reconnecting: "Reconnecting" }[state];
    const text = paused ? (state === "live" ? "Paused" : words) + (waiting ? " · " + waiting + " new" : "") : words;
    const why = state === "live" ? "Changes show here as they happen." : state === "stale"
      ? "Nothing has been heard for a while; figures may be old."
      : open ? upstream.reason || "The gateway can't be reached." : "The dashboard can't be reached; trying again.";
    heal(state === "live");
    if (badge === text + why || !window.dash_clientside || !document.getElementById("live-badge")) return;
    badge = text + why;
    put("live-badge", { children: text, className: "live-badge " + (paused && state === "live" ? "paused" : state), title: why });
  }
  function heal(well) { // what couldn't be loaded while something was away is asked for again, ever more patiently
    const failed = document.querySelector("#page [data-again]"), busy = [...document.querySelectorAll("[role=dialog]")].some((dialog) => dialog.checkVisibility());
    if (!failed) patience = 2000;
    if (!failed || !well || busy || Date.now() < healing) return;
    healing = Date.now() + patience;
    patience = Math.min(2 * patience, 60000);
    window.dash_clientside.set_props("again", { data: Date.now() });
  }
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      watch: (wanted) => { rows.clear(); recent.clear(); props.clear(); placed.clear(); lines = null; watch(wanted || []); return window.dash_clientside.no_update; },
      merge: (_, figures) => {
        const pushed = [...rows.values()];
        rows.clear();
        const wide = pushed.some((row) => row.wide), coarse = wide || figures.some((figure) => figure && figure.layout.meta && figure.layout.meta.coarse);
        if (coarse && pushed.length && !asking && figures.length) // merged windows and some of very many features are the monitor's to tell: asked for
          asking = setTimeout(() => { asking = null; window.dash_clientside.set_props("coarse-tick", { data: ++ticks }); }, wide ? 3000 : 1000);
        return pushed.length && !coarse ? figures.map((figure) => (figure ? live.merged(figure, pushed) : figure)) : figures.map(() => window.dash_clientside.no_update);
      },
      redrawn: () => { // charts came anew: what moved while they were on their way isn't in them yet
        setTimeout(() => {
          for (const [x, { row, at }] of recent) if (Date.now() - at > RECENT) recent.delete(x); else if (!rows.has(x)) rows.set(x, row);
          flush();
        }, ANEW);
      },
      pause: (clicks) => {
        paused = clicks ? !paused : paused;
        if (!paused) flush();
        show();
        return paused ? "Resume" : "Pause";
      },
      menu: (opened, _, navbar) => { // on a phone: a page closes it; where it is closed already nothing is drawn again
        const { no_update, callback_context } = window.dash_clientside, pressed = callback_context.triggered.some((one) => one.prop_id === "burger.opened");
        const shown = !!opened && pressed;
        return [navbar.collapsed.mobile === !shown ? no_update : { ...navbar, collapsed: { mobile: !shown } }, opened === shown ? no_update : shown];
      },
      title: (title) => { document.title = title + " · Lifecycle"; return window.dash_clientside.no_update; },
    },
  });
  setInterval(() => { live.showTimes(); show(); }, 1000);
  window.addEventListener("online", () => { tries = 0; });
  /* What changes under a pressed pointer would lose the click, the text being marked, or the zoom being drawn. */
  addEventListener("pointerdown", (event) => { pressed = event.button === 0 ? Date.now() : 0; }, true);
  for (const end of ["pointerup", "pointercancel", "blur"])
    addEventListener(end, (event) => { // of what else loses the focus when the pointer is pressed, the window isn't part
      if (pressed && (end !== "blur" || event.target === window)) { pressed = 0; setTimeout(flush, 50); }
    }, true);
  addEventListener("DOMContentLoaded", connect);
})();
