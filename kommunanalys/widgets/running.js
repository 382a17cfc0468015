// How far a run is: what it is doing is spoken when it changes; the count and the time are there to be read.
function make(tag, name, parent) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

// JupyterLab would take a letter typed on a button of the form for a command: "x" cuts the cell out. It heeds this mark on
// the element that has the focus, and only there; saving by Ctrl+S stays.
function hush(event, room) {
  if (!(event.target instanceof Element && room.contains(event.target))) return;
  const saving = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
  if (saving) event.target.removeAttribute("data-lm-suppress-shortcuts");
  else event.target.setAttribute("data-lm-suppress-shortcuts", "true");
}

function render({ model, el }) {
  const room = make("div", "ka-progress", el);
  const status = make("p", "ka-status", room);
  status.setAttribute("role", "status");
  const alert = make("p", "ka-alert", room);
  alert.setAttribute("role", "alert");
  const bar = make("progress", "", room);
  const detail = make("p", "ka-detail", room);

  function tell() {
    el.lang = model.get("language");
    const [said, silent] = model.get("alert") ? [alert, status] : [status, alert];
    silent.textContent = "";
    if (said.textContent !== model.get("text")) said.textContent = model.get("text");
    detail.textContent = model.get("detail");
    bar.setAttribute("aria-label", model.get("text"));
    bar.hidden = !model.get("busy");
    if (model.get("total")) Object.assign(bar, { max: model.get("total"), value: model.get("done") });
    else bar.removeAttribute("value");
  }

  const keep = (event) => hush(event, el.closest(".ka-form") ?? el);
  window.addEventListener("keydown", keep, true);
  model.on("change", tell);
  tell();
  return () => {
    window.removeEventListener("keydown", keep, true);
    model.off("change", tell);
  };
}

export default { render };
