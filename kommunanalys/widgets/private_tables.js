// Looks through rows about persons: they come as messages, are drawn, and are kept nowhere; a saved notebook has none.
function make(tag, text, parent) {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
}

function choose(parent, { label, options, chosen }, act) {
  const box = make("label", label, parent);
  const list = make("select", "", box);
  list.className = "ka-control";
  list.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes typed letters for commands
  for (const [value, text] of options) Object.assign(make("option", text, list), { value });
  list.value = chosen;
  list.addEventListener("change", () => act(list.value));
  return list;
}

function draw_table(parent, { caption, head, rows }) {
  const table = make("table", "", parent);
  make("caption", caption, table);
  const top = make("tr", "", make("thead", "", table));
  for (const name of head) make("th", name, top).scope = "col";
  const body = make("tbody", "", table);
  for (const row of rows) {
    const line = make("tr", "", body);
    row.forEach((text, column) => {
      const cell = make(column ? "td" : "th", text, line);
      if (!column) cell.scope = "row";
    });
  }
}

function render({ model, el }) {
  const room = make("div", "", el);
  room.className = "ka-private";
  const note = make("p", model.get("note"), room);
  const view = Math.random().toString(36).slice(2); // two views of one widget do not turn each other's pages
  const wish = { view };
  let focus = "";

  function ask(change, from) {
    focus = from;
    model.send(Object.assign(wish, change));
  }

  function draw(page) {
    if (page.view !== view) return;
    room.lang = page.language;
    room.replaceChildren();
    const choices = make("div", "", room);
    choices.className = "ka-choices";
    const lists = {};
    for (const [name, list] of Object.entries(page.choices)) {
      lists[name] = choose(choices, list, (value) => ask({ [name]: value }, name));
    }
    for (const text of page.texts) make("p", text, room);
    for (const table of page.tables) draw_table(room, table);
    lists[focus]?.focus();
  }

  model.on("msg:custom", draw);
  ask({}, "");
  return () => {
    model.off("msg:custom", draw);
    note.remove();
    room.replaceChildren();
  };
}

export default { render };
