// One field of a form: its label, the field itself, its help and what is wrong with it, bound to each other.
function make(tag, name, parent) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

function control(kind, room, id) {
  const field = make(kind === "choice" ? "select" : "input", "ka-control", room);
  // A letter typed in a choice would else be a command to the notebook: "a" makes a new cell, "x" cuts one out.
  field.dataset.lmSuppressShortcuts = "true";
  if (field.tagName === "INPUT") {
    field.type = kind === "checkbox" ? "checkbox" : kind === "date" ? "date" : "text";
    field.inputMode = kind === "number" ? "decimal" : "text";
    field.autocomplete = "off";
    field.spellcheck = false;
  }
  if (kind === "place") {
    const list = make("datalist", "", room);
    list.id = `${id}-names`;
    field.setAttribute("list", list.id);
  }
  return field;
}

function render({ model, el }) {
  const kind = model.get("kind");
  const id = `ka-${Math.random().toString(36).slice(2)}`;
  const room = make("div", `ka-field ka-${kind}`, el);
  const label = make("label", "ka-label", room);
  const field = control(kind, room, id);
  const help = make("p", "ka-help", room);
  const error = make("p", "ka-error", room);
  Object.assign(label, { htmlFor: id });
  Object.assign(field, { id });
  Object.assign(help, { id: `${id}-help` });
  Object.assign(error, { id: `${id}-error` });
  error.setAttribute("role", "alert");
  field.setAttribute("aria-describedby", `${help.id} ${error.id}`);

  function offer() {
    const list = kind === "choice" ? field : room.querySelector("datalist");
    list?.replaceChildren(
      ...model.get("options").map(([value, text]) => Object.assign(document.createElement("option"), { value, text })),
    );
    show();
  }

  function show() {
    const value = model.get("value");
    if (kind === "checkbox") field.checked = value === "true";
    else if (field.value !== value) field.value = value;
  }

  function tell() {
    el.lang = model.get("language");
    label.textContent = model.get("label");
    help.textContent = model.get("help");
    help.hidden = !help.textContent;
    const wrong = model.get("error");
    if (error.textContent !== wrong) error.textContent = wrong;
    field.setAttribute("aria-invalid", String(wrong !== ""));
    field.disabled = model.get("disabled");
  }

  function left() {
    model.set("value", kind === "checkbox" ? String(field.checked) : field.value);
    model.save_changes();
  }

  function asked(message) {
    if (message.focus) field.focus();
  }

  field.addEventListener("change", left);
  // A message that goes only when the field is left would move the button away under the click that leaves it.
  field.addEventListener("input", () => { if (model.get("error")) left(); });
  const heard = [["options", offer], ["value", show], ["disabled", tell]];
  for (const name of ["label", "help", "error", "language"]) heard.push([name, tell]);
  for (const [name, act] of heard) model.on(`change:${name}`, act);
  model.on("msg:custom", asked);
  offer();
  tell();
  return () => {
    for (const [name, act] of heard) model.off(`change:${name}`, act);
    model.off("msg:custom", asked);
  };
}

export default { render };
