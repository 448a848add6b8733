"use strict";
// Sorts the table of samples by a column, and shows those of one verdict or the controls. Without this script the table keeps
// the order of the sheet and holds all samples.
for (const table of document.querySelectorAll("table.samples")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, column) => row.cells[column].textContent.trim();
  const number = (text) => parseFloat(text.replace(/,/g, ""));
  const order = (a, b) => {
    const x = number(a), y = number(b);
    if (!isNaN(x) && !isNaN(y)) return x - y;
    if (!isNaN(x) || !isNaN(y)) return isNaN(x) ? 1 : -1;
    return a.localeCompare(b);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.slice().sort((a, b) => order(key(a, column), key(b, column)));
      if (down) sorted.reverse();
      body.replaceChildren(...sorted);
    });
  });
}

for (const count of document.querySelectorAll("ul.counts li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.replaceChildren(...count.childNodes);
  count.replaceChildren(button);
  button.addEventListener("click", () => {
    const only = button.getAttribute("aria-pressed") === "false" ? count.dataset.rows : null;
    for (const other of document.querySelectorAll("ul.counts button")) {
      other.setAttribute("aria-pressed", String(other === button && only !== null));
    }
    for (const row of document.querySelectorAll("table.samples tbody tr")) {
      row.hidden = only !== null && !row.matches(only);
    }
  });
}
