// The query of what is shown, "copy query" and "query to next cell". Text goes in as text, never as HTML.

async function copy(text, area) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no clipboard rights (plain http, an embedded page): the older way, by a selected text
    area.hidden = false;
    area.value = text;
    area.select();
    const done = document.execCommand("copy");
    area.hidden = done;
    return done;
  }
}

// JupyterLab and Notebook 7 hand widgets a manager that knows the document; its shared model takes cells.
function notebookOf(model) {
  const shared = model.widget_manager?.context?.model?.sharedModel;
  return typeof shared?.insertCell === "function" && Array.isArray(shared.cells) ? shared : null;
}

function placeOf(notebook, id) {
  const shows = (cell) =>
    cell.cell_type === "code" &&
    (cell.toJSON().outputs ?? []).some(
      (output) => output.data?.["application/vnd.jupyter.widget-view+json"]?.model_id === id,
    );
  return notebook.cells.findIndex(shows);
}

function insert(model) {
  const notebook = notebookOf(model);
  const index = notebook ? placeOf(notebook, model.get("place")) : -1;
  if (index < 0) return -1;
  notebook.insertCell(index + 1, { cell_type: "code", source: model.get("code"), metadata: {} });
  return index + 1;
}

// The new cell is drawn a little later than it is made; up to two seconds are given to that.
function focus(el, index, tries = 20) {
  const cell = el.closest(".jp-Notebook")?.querySelector(`.jp-Cell[data-windowed-list-index="${index}"]`);
  const editor = cell?.querySelector(".cm-content");
  if (!editor) {
    if (tries > 0) setTimeout(() => focus(el, index, tries - 1), 100);
    return;
  }
  cell.scrollIntoView({ block: "nearest" });
  editor.focus();
}

function button(label, title, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "jupyter-button widget-button rejectkit-button";
  made.textContent = label;
  made.title = title;
  made.addEventListener("click", act);
  return made;
}

function render({ model, el }) {
  const noun = model.get("noun");
  const named = noun[0].toUpperCase() + noun.slice(1);
  el.classList.add("rejectkit-querybar");
  const text = document.createElement("pre");
  text.tabIndex = 0;
  text.setAttribute("aria-label", model.get("label"));
  const note = document.createElement("p");
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const area = document.createElement("textarea");
  area.hidden = true;
  area.setAttribute("aria-label", "Text to copy by hand");

  const copyQuery = button(`Copy ${noun}`, `Copy the ${noun} as text`, async () => {
    const done = await copy(model.get("query"), area);
    said.textContent = done ? `${named} copied.` : "The browser did not allow copying; the text is below, press Ctrl+C.";
  });
  const toCell = button(`${named} to next cell`, `Write a cell that runs this ${noun} under this one`, async () => {
    const index = insert(model);
    if (index >= 0) {
      said.textContent = `The cell below runs this ${noun}.`;
      setTimeout(() => focus(el, index), 100);
      return;
    }
    const done = await copy(model.get("code"), area);
    said.textContent = done
      ? "This front end takes no cells from a widget: the code is in the clipboard, paste it into a cell."
      : "This front end takes no cells from a widget; the code is below, press Ctrl+C and paste it into a cell.";
  });

  const bar = document.createElement("div");
  bar.className = "rejectkit-querybar-buttons";
  bar.append(copyQuery, toCell, said);
  el.append(text, note, bar, area);

  const refresh = () => {
    const query = model.get("query");
    text.textContent = query;
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
    copyQuery.disabled = toCell.disabled = !query;
    said.textContent = "";
  };
  for (const name of ["query", "note"]) model.on(`change:${name}`, refresh);
  refresh();
}

export default { render };
