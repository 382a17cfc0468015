// How far a run is: what it is doing is spoken when it changes; the count and the time are there to be read.
function make(tag, name, parent) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
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

  model.on("change", tell);
  tell();
  return () => model.off("change", tell);
}

export default { render };
