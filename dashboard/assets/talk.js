/* The panel with the thread about one part of a review: opened at the button that was pressed, by mouse or keyboard; Escape
   closes it and gives the focus back. What stands in it is Python's. */
(function () {
  const GAP = 6, EDGE = 8, WIDEST = 440;
  const drafts = new Map(); // by part: what was being written when the panel was closed
  // `open`, and `held`, which has the focus: a part, and the number of the button among those of the same part.
  let open = null, held = null, fresh = false, inside = false;
  const panel = () => document.getElementById("talk"), put = (id, values) => window.dash_clientside.set_props(id, values);
  const buttons = (part) => [...document.querySelectorAll("#page [data-part]")].filter((one) => one.dataset.part === part);
  const placeOf = (button) => ({ part: button.dataset.part, nth: buttons(button.dataset.part).indexOf(button) });
  const buttonAt = (place) => place && (buttons(place.part)[place.nth] || buttons(place.part)[0]);
  const opener = () => buttonAt(open);
  function place() {
    const button = opener(), box = panel();
    if (!button || !box || box.hidden) return;
    const frame = box.offsetParent.getBoundingClientRect(), at = button.getBoundingClientRect(), page = document.getElementById("page").getBoundingClientRect();
    const width = Math.min(WIDEST, page.width), left = Math.max(page.left, Math.min(at.left - EDGE, page.right - width));
    Object.assign(box.style, { width: width + "px", left: left - frame.left + "px", top: at.bottom - frame.top + GAP + "px" });
  }
  function mark() {
    const button = opener();
    for (const one of document.querySelectorAll("#page [data-part]")) {
      const said = String(one === button);
      if (one.getAttribute("aria-expanded") !== said) one.setAttribute("aria-expanded", said);
    }
    if (open && !button) close(false); // another page, or another part of the list
    place();
  }
  const field = () => panel().querySelector("textarea:not([aria-hidden])");
  function leave() {
    if (open && field()) drafts.set(open.part, field().value);
  }
  function show(button) {
    const part = button.dataset.part;
    leave();
    fresh = true;
    open = placeOf(button);
    put("talk-title", { children: "On " + button.dataset.title });
    for (const id of ["talk-thread", "talk-form"]) put(id, { children: [] });
    put("talk-part", { data: { part, of: JSON.parse(button.dataset.of), at: Date.now() } });
    panel().hidden = false;
    mark();
    panel().focus({ preventScroll: true });
  }
  function close(back) {
    const button = opener();
    leave();
    open = null;
    panel().hidden = true;
    put("talk-part", { data: null });
    mark();
    if (back && button) button.focus();
  }
  function reveal(part) { // where a link leads to
    const button = buttons(part)[0];
    if (!button) return false;
    for (let around = button.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    button.scrollIntoView({ block: "center" });
    button.focus();
    return true;
  }
  function settle() { // what was asked for is there, or came anew
    if (open) mark();
    if (!open || !field()) return;
    if (fresh) {
      fresh = false;
      if (drafts.get(open.part)) put({ "inline-field": "say-part", name: "text" }, { value: drafts.get(open.part) });
      panel().scrollIntoView({ block: "nearest" });
    }
  }
  /* What takes the focus over from something that is gone: the same part's new button, or the panel. */
  (window.lifecycle = window.lifecycle || {}).likeness = () => buttonAt(held) || (open && inside && panel());
  const named = () => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; } };
  addEventListener("click", (event) => {
    const found = (selector) => event.target.closest && event.target.closest(selector);
    const button = found("[data-part]"), link = found(".part-link");
    if (button) { if (button === opener()) close(true); else show(button); }
    else if (found(".talk-close")) close(true);
    else if (link) {
      event.preventDefault();
      history.replaceState(history.state, "", link.getAttribute("href"));
      reveal(named());
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open && (panel().contains(event.target) || event.target === opener())) close(true);
  });
  addEventListener("focusin", (event) => {
    const button = event.target.closest("#page [data-part]");
    inside = !!open && panel().contains(event.target);
    held = button && placeOf(button);
  });
  addEventListener("resize", place);
  addEventListener("DOMContentLoaded", () => {
    let wanted = named().includes(":") && named(), due = 0;
    function look() {
      due = 0;
      settle();
      if (wanted && reveal(wanted)) wanted = "";
    }
    look(); // the first page may be there already
    new MutationObserver(() => { // pages and their live parts come anew: what is open stays so
      if (!due && (open || wanted)) due = requestAnimationFrame(look);
    }).observe(document.body, { childList: true, subtree: true });
  });
})();
