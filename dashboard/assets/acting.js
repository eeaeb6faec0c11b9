/* Buttons of actions: a press is told by itself. As an input of a callback, it would be lost whenever the buttons of a live
   page are put in place anew in the same moment. */
(function () {
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[id^='{']");
    if (!button || button.disabled) return;
    const { act, given, cancel } = JSON.parse(button.id);
    if (act) {
      (window.lifecycle = window.lifecycle || {}).pressed = button.id;
      window.dash_clientside.set_props("dialog-asked", { data: { act, given, at: Date.now() } });
    }
    if (cancel) {
      window.dash_clientside.set_props("dialog", { opened: false });
      window.dash_clientside.set_props("dialog-body", { children: [] });
    }
  });
})();
