/* The live part of the browser: one WebSocket that always comes back, pushed props and rows put where they belong,
   and relative times kept fresh. Everything else is Python. */
(function () {
  const PAUSES = [250, 500, 1000, 2000, 4000], STALE_AFTER = 7000, BATCH = 60;
  let socket = null, tries = 0, heard = 0, topics = [], upstream = { live: true }, paused = false, lost = false, dragging = false, badge = "";
  let props = new Map(), rows = new Map(), ticks = 0, timer = null;
  const live = (window.lifecycle = { received: 0, rows });
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const put = (id, values) => document.getElementById(id) && window.dash_clientside.set_props(id, values);

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
    if (frame.set) for (const id in frame.set) { props.set(id, frame.set[id]); live.received++; }
    for (const row of frame.rows || []) { rows.set(row.x, row); live.received++; }
    if (!timer) timer = setTimeout(flush, BATCH);
    show();
  }
  function flush() {
    timer = null;
    if (paused || dragging) { show(); return; }
    for (const [id, values] of props) put(id, values);
    props.clear();
    if (rows.size) window.dash_clientside.set_props("live-tick", { data: ++ticks });
    times();
  }
  function show() {
    const open = socket && socket.readyState === WebSocket.OPEN, waiting = props.size + rows.size;
    const state = !open || !upstream.live ? "reconnecting" : Date.now() - heard > STALE_AFTER ? "stale" : "live";
    const words = { live: "Live", stale: "Stale", reconnecting: "Reconnecting" }[state];
    const text = paused ? (state === "live" ? "Paused" : words) + (waiting ? " · " + waiting + " new" : "") : words;
    const why = state === "live" ? "Changes show here as they happen." : state === "stale"
      ? "Nothing has been heard for a while; figures may be old."
      : open ? upstream.reason || "The gateway can't be reached." : "The dashboard can't be reached; trying again.";
    if (badge === text + why || !window.dash_clientside || !document.getElementById("live-badge")) return;
    badge = text + why;
    put("live-badge", { children: text, className: "live-badge " + (paused && state === "live" ? "paused" : state), title: why });
  }
  function times() {
    const units = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [1209600, 86400, "d"]];
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000, unit = units.find((u) => seconds < u[0]);
      const text = seconds < 5 ? "just now" : unit && Math.floor(seconds / unit[1]) + " " + unit[2] + " ago";
      if (text && element.textContent !== text) element.textContent = text;
    }
  }
  const read = (row, path) => path.reduce((value, part) => (value == null ? null : value[part]), row) ?? null;

  /* Puts pushed rows into a figure: replaces the window that is there, or inserts it in time order. */
  function merged(figure, pushed) {
    const { limit, start, end } = figure.layout.meta || {};
    const fitting = pushed.filter((row) => !start || (row.x >= start && row.x <= end));
    const put1 = (list, at, known, value) => (known ? (list[at] = value) : list.splice(at, 0, value));
    const data = figure.data.map((trace) => {
      if (!trace.meta) return trace;
      const heat = trace.meta.heat, copy = { ...trace, x: [...trace.x], customdata: heat ? trace.customdata.map((r) => [...r]) : [...trace.customdata] };
      if (heat) { copy.z = trace.z.map((r) => [...r]); copy.text = trace.text.map((r) => [...r]); } else copy.y = [...trace.y];
      for (const row of fitting) {
        let at = copy.x.length;
        while (at > 0 && copy.x[at - 1] >= row.x) at--;
        const known = copy.x[at] === row.x;
        if (at === 0 && !known && limit && copy.x.length >= limit) continue;
        put1(copy.x, at, known, row.x);
        if (!heat) { put1(copy.y, at, known, read(row, trace.meta.y)); put1(copy.customdata, at, known, row.when); continue; }
        heat.forEach((name, i) => {
          const drift = row.f[name] || {};
          put1(copy.z[i], at, known, drift.heat ?? null);
          put1(copy.text[i], at, known, drift.mark || "");
          put1(copy.customdata[i], at, known, [row.when, drift.say || "–", name]);
        });
      }
      const surplus = limit ? copy.x.length - limit : 0;
      if (surplus > 0) for (const list of heat ? [copy.x, ...copy.z, ...copy.text, ...copy.customdata] : [copy.x, copy.y, copy.customdata]) list.splice(0, surplus);
      return copy;
    });
    return { ...figure, data };
  }
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      watch: (wanted) => { rows.clear(); props.clear(); watch(wanted || []); return window.dash_clientside.no_update; },
      merge: (_, figures) => {
        const pushed = [...rows.values()];
        rows.clear();
        return pushed.length ? figures.map((figure) => (figure ? merged(figure, pushed) : figure)) : figures.map(() => window.dash_clientside.no_update);
      },
      pause: (clicks) => {
        paused = clicks ? !paused : paused;
        if (!paused) flush();
        show();
        return paused ? "Resume" : "Pause";
      },
      title: (title) => { document.title = title + " · Lifecycle"; return window.dash_clientside.no_update; },
    },
  });
  setInterval(() => { times(); show(); }, 1000);
  window.addEventListener("online", () => { tries = 0; });
  /* A chart that changes under the pointer would lose the zoom being drawn. */
  addEventListener("pointerdown", (event) => { dragging = !!event.target.closest(".js-plotly-plot"); }, true);
  for (const end of ["pointerup", "pointercancel", "blur"])
    addEventListener(end, () => { if (dragging) { dragging = false; setTimeout(flush, 50); } }, true);
  addEventListener("DOMContentLoaded", connect);
})();
