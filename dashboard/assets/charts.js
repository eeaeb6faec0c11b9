/* Pushed window rows in charts: each trace's `meta` says where in a row it reads, so nothing here knows what it shows. */
(function () {
  const read = (row, path) => path.reduce((value, part) => (value == null ? null : value[part]), row) ?? null;

  /* Puts pushed rows into a figure: replaces the window that is there, or inserts it in time order. */
  function merged(figure, pushed) {
    const { limit, start, end } = figure.layout.meta || {};
    const fitting = pushed.filter((row) => !start || (row.x >= start && row.x <= end));
    const put1 = (list, at, known, value) => (known ? (list[at] = value) : list.splice(at, 0, value));
    const data = figure.data.map((trace) => {
      if (!trace.meta || trace.meta.marks) return trace;
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
          put1(copy.customdata[i], at, known, [row.when, drift.say || "–"]);
        });
      }
      const surplus = limit ? copy.x.length - limit : 0;
      if (surplus > 0) for (const list of heat ? [copy.x, ...copy.z, ...copy.text, ...copy.customdata] : [copy.x, copy.y, copy.customdata]) list.splice(0, surplus);
      return copy;
    });
    const heat = data.find((trace) => trace.meta && trace.meta.heat);
    if (heat) data.forEach((trace, i) => { if (trace.meta && trace.meta.marks) data[i] = { ...trace, ...runs(heat.x, heat.meta.heat, heat.text) }; });
    const notes = figure.layout.annotations || [], valued = data.some((trace) => trace.meta && trace.meta.y && trace.y.some((y) => y != null));
    const layout = valued && notes.some((note) => note.name === "nothing") ? { ...figure.layout, annotations: notes.filter((note) => note.name !== "nothing") } : figure.layout;
    return { ...figure, data, layout };
  }
  /* As `drift_runs` in Python: a line in each feature's row from the first to the last window of a drift. */
  function runs(moments, names, marks) {
    const middles = moments.map((moment) => Date.parse(moment + "Z")), apart = middles.slice(1).map((middle, i) => middle - middles[i]);
    const half = 0.3 * Math.min(...apart, apart.length ? Infinity : 3600000), text = (time) => new Date(time).toISOString().slice(0, 19), x = [], y = [];
    names.forEach((name, i) => {
      let begun = -1;
      for (let at = 0; at <= moments.length; at++) {
        const mark = at < moments.length && marks[i][at];
        if (mark && begun < 0) begun = at;
        if (mark || begun < 0) continue;
        x.push(text(middles[begun] - half), text(middles[at - 1] + half), null);
        y.push(name, name, null);
        begun = -1;
      }
    });
    return { x, y };
  }
  /* The moment under the pointer, in all charts beside it that have a time axis; the step, in learning curves. */
  const TOGETHER = "#monitor-body .js-plotly-plot, .curves .js-plotly-plot";
  let pointer = null;
  function cross() {
    const over = pointer && pointer.target.closest && pointer.target.closest(TOGETHER), axisOf = (plot) => { const axis = plot._fullLayout && plot._fullLayout.xaxis; return axis && (axis.type === "date" || plot.closest(".curves")) && axis._length ? axis : null; };
    const from = over && axisOf(over), at = from ? pointer.clientX - over.getBoundingClientRect().left - from._offset : -1, moment = from && at >= 0 && at <= from._length ? from.p2c(at) : null;
    pointer = null;
    for (const plot of document.querySelectorAll(TOGETHER)) {
      const axis = axisOf(plot), holder = plot.closest(".chart");
      if (!axis || !holder) continue;
      let line = holder.querySelector(".crosshair");
      const place = moment === null || plot === over ? -1 : axis.c2p(moment);
      if (place < 0 || place > axis._length) { if (line) line.hidden = true; continue; }
      if (!line) { line = document.createElement("div"); line.className = "crosshair"; holder.append(line); }
      const { _size: size } = plot._fullLayout;
      Object.assign(line.style, { left: axis._offset + place + "px", top: size.t + "px", height: size.h + "px" });
      line.hidden = false;
    }
  }
  addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || !document.querySelector("#monitor-body, .curves")) return;
    if (!pointer) requestAnimationFrame(cross);
    pointer = event;
  }, { passive: true });
  (window.lifecycle = window.lifecycle || {}).merged = merged;
})();
