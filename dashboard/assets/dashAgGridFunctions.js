/* The grid's own little renderers: dash-ag-grid looks them up by name. Texts stay texts. */
(function () {
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const element = (...args) => window.React.createElement(...args);
  const looks = { FINISHED: ["teal", "circle-check"], RUNNING: ["blue", "loader"], FAILED: ["red", "circle-x"], KILLED: ["orange", "player-stop"] };

  /* Another filter in the address: the grid drops its rows and asks again. */
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    grid: {
      refetch: (search) => {
        if (!document.getElementById("runs-grid")) return window.dash_clientside.no_update;
        window.dash_ag_grid.getApi("runs-grid").purgeInfiniteCache();
        return new URLSearchParams(search).get("filter") || "";
      },
    },
  });
  components.RunLink = ({ data, value }) => {
    if (!data) return element("span", { className: "cell-waiting" });
    return element("a", { href: data.href, className: "link strong", "data-inside": "" }, value);
  };
  components.Pairs = ({ value }) =>
    element("span", { className: "cell-metrics" }, (value || []).map(([name, text]) => element("span", { key: name }, name, element("b", null, text))));
  components.RunStatus = ({ value }) => {
    if (!value) return null;
    const [tone, icon] = looks[value] || ["gray", "dots"];
    const word = value.charAt(0) + value.slice(1).toLowerCase();
    return element("span", { className: "cell-status " + tone }, element("span", { className: "icon icon-" + icon }), word);
  };
})();
