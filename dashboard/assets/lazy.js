/* Big scripts, loaded when something needs them: right away on the pages that have it, when the browser is idle elsewhere.
   And charts one after the other, first those in sight, so that no page waits for what it doesn't show. */
(function () {
  const given = JSON.parse(document.getElementById("_dash-config").textContent).lazy;
  const loading = new Map();
  function load(src) {
    if (!loading.has(src))
      loading.set(src, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.async = false; // AG Grid looks for itself among the scripts that aren't
        script.src = src;
        script.onload = done;
        script.onerror = () => { loading.delete(src); script.remove(); failed(new Error(src + " couldn't be loaded")); };
        document.head.append(script);
      }));
    return loading.get(src);
  }

  /* The first page comes with the layout, already asked for in the page's head: Dash would ask for the layout alone. */
  const first = document.getElementById("first"), plain = window.fetch;
  if (first && first.dataset.at === location.pathname + location.search)
    window.fetch = (address, ...rest) => {
      if (!String(address).endsWith("_dash-layout")) return plain(address, ...rest);
      window.fetch = plain;
      const again = () => new Promise((done) => setTimeout(done, 1000)).then(() => plain(address, ...rest)).then(whole).catch(again); // the dashboard is away
      const whole = (answer) => (answer.status < 500 ? answer : Promise.reject(answer));
      return plain(first.href, ...rest).then(whole).catch(again);
    };

  /* dcc.Graph waits for whatever stands in `window.Plotly`: something that loads it when it is waited for. */
  const plotly = () => load(given.plotly).then(drawnInTurn);
  window.Plotly = { then: (done, failed) => plotly().then(done, failed) };

  let waiting = [], drawing = false;
  const inSight = (chart) => { const box = chart.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; };
  const idle = window.requestIdleCallback || ((task) => setTimeout(task, 500));
  const painted = () => new Promise((done) => { const soon = setTimeout(done, 100); requestAnimationFrame(() => { clearTimeout(soon); setTimeout(done); }); });
  async function drawAll() {
    drawing = true;
    while (waiting.length) {
      waiting = waiting.filter((one) => one.chart.isConnected);
      if (!waiting.some((one) => inSight(one.chart))) await new Promise((done) => idle(done, { timeout: 300 })); // nobody sees those yet
      const next = waiting.find((one) => inSight(one.chart)) || waiting[0];
      if (!next) break;
      waiting.splice(waiting.indexOf(next), 1);
      next.go();
      await painted();
    }
    drawing = false;
  }
  function drawnInTurn() {
    const Plotly = window.Plotly;
    if (Plotly.inTurn) return;
    const { react } = Plotly, { resize } = Plotly.Plots;
    Plotly.inTurn = true;
    Plotly.react = (chart, ...rest) => chart._fullLayout ? react(chart, ...rest) : new Promise((done) => {
      waiting.push({ chart, go: () => done(react(chart, ...rest)) });
      if (!drawing) queueMicrotask(() => drawing || drawAll());
    });
    Plotly.Plots.resize = (chart) => { // drawn in the size that it has: once is enough
      const now = chart._fullLayout, same = now && Math.abs(now.width - chart.clientWidth) < 1 && Math.abs(now.height - chart.clientHeight) < 1;
      return same ? Promise.resolve(chart) : resize(chart);
    };
  }

  /* The grid: a component that becomes AG Grid's once that is there. */
  const React = window.React, loaded = {};
  const grid = () => load(given.grid).then(() => {
    if (!loaded.AgGrid) Object.assign(loaded, window.dash_ag_grid);
    window.dash_ag_grid = { ...loaded, AgGrid: Grid }; // the same component as before: another would be put in anew
  });
  const Loaded = React.lazy(() => grid().then(() => ({ default: loaded.AgGrid })));
  function Grid(props) {
    const empty = React.createElement("div", { style: props.style, className: props.className, "aria-busy": "true" });
    return React.createElement(React.Suspense, { fallback: empty }, React.createElement(Loaded, props));
  }
  window.dash_ag_grid = { AgGrid: Grid, getApi: () => undefined };

  addEventListener("unhandledrejection", (event) => { // dcc.Graph would draw once more what has left the page meanwhile
    const { stack, message } = event.reason || {};
    if (/async-graph/.test(stack) && /of null/.test(message)) event.preventDefault();
  });

  const needed = document.documentElement.dataset;
  addEventListener("DOMContentLoaded", () => {
    if ("charts" in needed) { load(given.graph).catch(() => {}); plotly().catch(() => {}); } // whoever needs them asks again
    if ("grid" in needed) grid();
  });
  /* What other pages need, once this one stands and the browser has nothing else to do. */
  const stands = () => document.querySelector("#page h1") && !document.querySelector("#page [aria-busy], .dash-graph--pending") && !drawing;
  function ahead() {
    const later = () => setTimeout(ahead, 5000); // the dashboard is away
    if (stands()) idle(() => plotly().then(() => new Promise(idle)).then(grid).catch(later));
    else setTimeout(ahead, 1000);
  }
  addEventListener("load", () => { if (!(navigator.connection && navigator.connection.saveData)) setTimeout(ahead, 2000); });
})();
