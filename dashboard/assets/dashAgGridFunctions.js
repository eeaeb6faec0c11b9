/* The grid's own little renderers: dash-ag-grid looks them up by name. Texts stay texts. */
(window.dashMantineFunctions = window.dashMantineFunctions || {}).everyOption = ({ options }) => options; // found by the gateway already
(function () {
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const element = (...args) => window.React.createElement(...args);
  const looks = { FINISHED: ["teal", "circle-check"], RUNNING: ["blue", "loader"], FAILED: ["red", "circle-x"], KILLED: ["orange", "player-stop"] };

  /* A view of the runs is its address: filter, columns, order. What is moved in the grid goes there, and back from there. */
  const api = () => document.getElementById("runs-grid") && window.dash_ag_grid.getApi("runs-grid");
  const parts = (search) => new URLSearchParams(search === undefined ? location.search : search);
  const escaped = (name) => name.replace(/%/g, "%25").replace(/,/g, "%2C");
  const own = (state) => !/^ag-Grid|^name$/.test(state.colId);
  const columnsOf = (grid) => grid.getColumnState().filter(own).map((state) => escaped(state.colId)).join(",");
  const sortOf = (grid) => grid.getColumnState().filter((state) => state.sort).sort((a, b) => a.sortIndex - b.sortIndex)
    .map((state) => (state.sort === "desc" ? "-" : "") + escaped(state.colId)).join(",");
  /* All rows anew, by a new source, which begins at the top: of several blocks asked for at once Dash answers the last. */
  const anew = (grid) => grid.setGridOption("datasource", { ...grid.getGridOption("datasource") });
  const put = (changes) => window.lifecycle.put(changes);
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  functions.runsNarrow = (event) => { // a phone has no room for names that stay
    if (innerWidth < 760) event.api.applyColumnState({ defaultState: { pinned: null } });
  };
  functions.runsMoved = (event) => {
    if (event.type === "sortChanged" && event.source !== "api") put({ sort: sortOf(event.api) });
    if (event.type === "columnMoved" && event.finished && event.source === "uiColumnMoved") put({ cols: columnsOf(event.api) });
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    grid: {
      follow: (search, automatic, chosen, former) => {
        const same = window.dash_clientside.no_update, grid = api(), state = parts(search);
        if (!grid || !/\/runs\/?$/.test(location.pathname)) return [same, same, same]; // on the way to another page
        const filter = state.get("filter") || "", sort = state.get("sort") || "", cols = state.get("cols") || automatic;
        if (sort !== sortOf(grid)) {
          const steps = sort.split(",").map((step) => ({ colId: step.replace(/^-/, "").replace(/%2C/g, ",").replace(/%25/g, "%"), sort: step[0] === "-" ? "desc" : "asc" }));
          grid.applyColumnState({ state: steps.map((step, sortIndex) => ({ ...step, sortIndex })), defaultState: { sort: null } });
        }
        const others = cols.split(",").sort().join() !== chosen.split(",").sort().join();
        if (filter !== former || others) setTimeout(() => anew(grid));
        return [filter === former ? same : filter, filter, cols === chosen ? same : cols]; // what is being typed stays
      },
      arrived: (said) => { // of what comes after no rows at all, Dash's grid loses the first answer: it asks once more
        if (!/^[1-9]/.test(said || "")) return;
        setTimeout(() => {
          const grid = api(), first = grid && grid.getDisplayedRowAtIndex(0);
          if (grid && !(first && first.data)) anew(grid);
        }, 100);
      },
      save: (clicks, submits, name) => {
        const same = window.dash_clientside.no_update, grid = api(), title = (name || "").trim().slice(0, 80);
        if (!grid || !title || !(clicks || submits)) return [same, same];
        const search = put({ cols: columnsOf(grid), sort: sortOf(grid) }), state = parts(search), view = { name: title };
        for (const part of ["filter", "cols", "sort"]) view[part] = state.get(part) || "";
        return [{ ...view, at: Date.now() }, ""];
      },
      taken: (search, automatic, file, groups) => { // all columns stand in it, also those that were chosen by themselves
        const same = window.dash_clientside.no_update;
        if (!/\/runs\/?$/.test(location.pathname)) return [same, same];
        const state = parts(search);
        if (!state.get("cols")) state.set("cols", automatic || "");
        const narrowed = new URLSearchParams([...state].filter(([name]) => name !== "sort"));
        return [file.split("?")[0] + "?" + state, groups.split("?")[0] + "?" + narrowed];
      },
      copy: (clicks) => {
        const grid = api();
        if (!clicks || !grid) return window.dash_clientside.no_update;
        const text = location.origin + location.pathname + put({ cols: columnsOf(grid), sort: sortOf(grid) });
        const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
        document.querySelector("#runs-view-copy").after(field); // inside the box that holds the focus
        field.select();
        const done = document.execCommand("copy"); // also where the clipboard's own interface is closed: without HTTPS
        field.remove();
        document.querySelector("#runs-view-copy").focus();
        return done ? "Copied" : "Copy it from the address";
      },
    },
  });
  components.RunLink = ({ data, value }) => {
    if (!data) return element("span", { className: "cell-waiting" });
    return element("a", { href: data.href, className: "link strong", "data-inside": "" }, value);
  };
  components.RunTime = ({ data, value }) => { // as all times: `feed.js` says how long ago, or when
    if (!data) return null;
    setTimeout(window.lifecycle.showTimes);
    return element("time", { key: value, dateTime: value, title: data.startedSaid, "data-relative": "true" }, data.startedSaid);
  };
  components.RunStatus = ({ value }) => {
    if (!value) return null;
    const [tone, icon] = looks[value] || ["gray", "dots"];
    const word = value.charAt(0) + value.slice(1).toLowerCase();
    return element("span", { className: "cell-status " + tone }, element("span", { className: "icon icon-" + icon }), word);
  };
})();
