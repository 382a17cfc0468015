// Lines of text with a button that copies them.
function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Over plain http on another machine a browser has no clipboard but this one.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done ? Promise.resolve() : Promise.reject(new Error("copy"));
}

function render({ model, el }) {
  const lines = document.createElement("pre");
  const button = document.createElement("button");
  const said = document.createElement("span");
  lines.tabIndex = 0;
  lines.setAttribute("role", "region");
  button.type = "button";
  button.className = "jupyter-button widget-button";
  said.setAttribute("role", "status");
  el.classList.add("ka-copying");
  el.append(lines, button, said);

  function show() {
    lines.textContent = model.get("text");
    lines.setAttribute("aria-label", model.get("label"));
    button.textContent = model.get("button");
    said.textContent = "";
  }

  async function click() {
    try {
      await copy(model.get("text"));
      said.textContent = model.get("done");
    } catch {
      getSelection().selectAllChildren(lines);
      said.textContent = model.get("failed");
    }
  }

  // The keys of a person who reads the lines are not commands to the notebook.
  const stay = (event) => event.stopPropagation();
  button.addEventListener("click", click);
  el.addEventListener("keydown", stay);
  const names = ["text", "label", "button"];
  for (const name of names) model.on(`change:${name}`, show);
  show();
  return () => {
    for (const name of names) model.off(`change:${name}`, show);
    button.removeEventListener("click", click);
    el.removeEventListener("keydown", stay);
  };
}

export default { render };
