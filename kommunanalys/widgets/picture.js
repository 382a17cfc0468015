// A figure in the page whose marks can be clicked and walked through by keyboard. Nothing is fetched.
const NEAR = 12; // pixels

function make(tag, name, parent) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

// A mark may be thinner than an unsteady hand can hit: the nearest one around the point counts.
function hit(picture, event) {
  for (const far of [0, 4, 8, NEAR]) {
    for (let turn = 0; turn < 12; turn += 1) {
      const [x, y] = [far * Math.cos((turn * Math.PI) / 6), far * Math.sin((turn * Math.PI) / 6)];
      const mark = document.elementFromPoint(event.clientX + x, event.clientY + y)?.closest("[data-code]");
      if (mark && picture.contains(mark)) return mark;
    }
  }
  return null;
}

// ipywidgets gives the handles of its sliders and its toggle buttons no name and no state of their own.
function repair(room) {
  for (const box of room?.querySelectorAll(".widget-slider, .widget-toggle-buttons") ?? []) {
    const name = box.querySelector(".widget-label")?.textContent ?? "";
    const value = box.querySelector(".widget-readout")?.textContent ?? "";
    for (const handle of box.querySelectorAll("[role=slider]")) {
      handle.setAttribute("aria-label", name);
      handle.setAttribute("aria-valuetext", value);
    }
    for (const button of box.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
    }
  }
}

// JupyterLab hears a key before the page does, and would take "x" for a command to cut the cell out. It heeds this mark
// on the element that has the focus, and only there; saving by Ctrl+S stays.
function hush(event, room) {
  if (!(event.target instanceof Element && room.contains(event.target))) return;
  const saving = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
  if (saving) event.target.removeAttribute("data-lm-suppress-shortcuts");
  else event.target.setAttribute("data-lm-suppress-shortcuts", "true");
}

function render({ model, el }) {
  const picture = make("div", "ka-picture", el);
  picture.setAttribute("role", "group");
  const caption = make("p", "ka-caption", el);
  caption.id = `ka-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  picture.setAttribute("aria-labelledby", caption.id);
  const status = make("p", "ka-status", el);
  status.setAttribute("role", "status");
  let marks = [];
  let current = ""; // code of the mark that the Tab key comes to

  function dress() {
    const names = model.get("names");
    const marked = new Set(model.get("marked"));
    for (const mark of marks) {
      const code = mark.dataset.code;
      mark.setAttribute("aria-label", names[code] ?? code);
      mark.setAttribute("aria-pressed", String(marked.has(code)));
      mark.querySelector("title").textContent = names[code] ?? code;
    }
  }

  function enter(index, focus) {
    const mark = marks[Math.min(Math.max(index, 0), marks.length - 1)];
    if (!mark) return;
    for (const other of marks) if (other.tabIndex === 0) other.tabIndex = -1;
    mark.tabIndex = 0;
    current = mark.dataset.code;
    if (focus) mark.focus();
  }

  function draw() {
    const held = picture.contains(document.activeElement);
    picture.innerHTML = model.get("svg");
    for (const text of picture.querySelectorAll("text")) text.setAttribute("aria-hidden", "true");
    marks = [...picture.querySelectorAll("[data-code]")];
    for (const mark of marks) {
      mark.setAttribute("role", "button");
      mark.prepend(document.createElementNS("http://www.w3.org/2000/svg", "title"));
      mark.tabIndex = -1;
    }
    dress();
    const at = marks.findIndex((mark) => mark.dataset.code === current);
    enter(at < 0 ? 0 : at, held);
  }

  function tell() {
    caption.textContent = model.get("caption");
    if (status.textContent !== model.get("alternative")) status.textContent = model.get("alternative");
    status.classList.toggle("ka-problem", model.get("problem"));
    if (el.lang !== model.get("language")) el.lang = model.get("language");
    repair(el.closest(".ka-room"));
  }

  function choose(mark) {
    if (!mark) return;
    enter(marks.indexOf(mark), false);
    model.set("clicked", mark.dataset.code);
    model.save_changes();
  }

  const click = (event) => choose(hit(picture, event));

  function press(event) {
    const at = marks.indexOf(event.target.closest("[data-code]"));
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length }[
      event.key
    ];
    if (at < 0 || (to === undefined && event.key !== "Enter" && event.key !== " ")) return;
    // JupyterLab would move to another cell, or run this one.
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined) choose(marks[at]);
    else enter(to, true);
  }

  const keep = (event) => hush(event, el.closest(".ka-room") ?? el);
  window.addEventListener("keydown", keep, true);
  picture.addEventListener("click", click);
  picture.addEventListener("keydown", press);
  const heard = [["svg", draw], ["names", dress], ["marked", dress], ["caption", tell], ["alternative", tell], ["problem", tell]];
  for (const [name, act] of heard) model.on(`change:${name}`, act);
  draw();
  tell();
  // The neighbours of this widget come a moment later than it does.
  const later = [200, 1000].map((wait) => setTimeout(tell, wait));
  return () => {
    later.forEach(clearTimeout);
    for (const [name, act] of heard) model.off(`change:${name}`, act);
    window.removeEventListener("keydown", keep, true);
    picture.removeEventListener("click", click);
    picture.removeEventListener("keydown", press);
  };
}

export default { render };
