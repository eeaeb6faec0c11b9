/* The state of a page is its address, and it changes here, in the browser, one part at a time: so of two controls that are
   moved at once, or of one that is moved while an answer is on its way, neither takes the other's part away. */
(function () {
  const SETTLED = 200; // milliseconds, after which what was put does stand in the address
  const live = (window.lifecycle = window.lifecycle || {}), moved = new Set(), text = (value) => String(value ?? "").trim();
  let put = null, drawn = null;
  const now = () => (put && put.pathname === location.pathname && Date.now() - put.at < SETTLED ? put.search : location.search);
  /* Gives some parts of the address new values (an empty one takes its part away); the address after that. */
  live.put = (changes) => {
    const before = now(), state = new URLSearchParams(before);
    for (const [name, value] of Object.entries(changes)) if (value) state.set(name, value); else state.delete(name);
    const search = state.size ? "?" + state : "";
    if (String(state) === String(new URLSearchParams(before))) return before;
    put = { search, pathname: location.pathname, at: Date.now() };
    window.dash_clientside.set_props("url", { search });
    return search;
  };
  addEventListener("popstate", () => { put = null; });
  const fresh = () => window.dash_clientside.callback_context.triggered.map((one) => one.prop_id);
  const about = (propId) => JSON.parse(propId.slice(0, propId.lastIndexOf(".")));
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    address: {
      /* A control has another value than it was drawn with, or has it again: somebody moved it. `placed`: the values that
         controls were drawn with, and the address of then. Other lists begin at their beginning. */
      moved: (values, ids, placed) => {
        if (!placed) return;
        if (placed !== drawn) moved.clear();
        drawn = placed;
        const touched = new Set(fresh().map((propId) => about(propId).state)), state = new URLSearchParams(now()), changes = {};
        ids.forEach(({ state: name }, at) => {
          const value = text(values[at]), first = text(placed.values[name]);
          if (!touched.has(name) || (value === first && !moved.has(name))) return;
          moved.add(name);
          const wanted = (value === first ? new URLSearchParams(placed.search).get(name) : value) || "";
          if (wanted !== (state.get(name) || "")) changes[name] = wanted;
        });
        if (Object.keys(changes).length) for (const name of [...state.keys()]) if (name.startsWith("after")) changes[name] = "";
        live.put(changes);
      },
      /* What Python asks of the address, each wish in a store of its own. */
      wished: (wishes, ids) => {
        const names = new Set(fresh().map((propId) => about(propId).wish));
        live.put(Object.assign({}, ...wishes.filter((wish, at) => wish && names.has(ids[at].wish))));
      },
    },
  });
})();
