// The table of runs: sorted by the buttons in its head; its checkboxes select runs to compare.
"use strict";

document.querySelectorAll("[data-runs]").forEach((table) => {
  const { make } = orbifolio;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const boxes = rows.map((row) => row.querySelector("input")).filter(Boolean);
  const { keep } = table.dataset; // the choice's name in the page's address, if it has one there
  const picked = document.querySelector("[data-picked]");
  const link = document.querySelector("a[data-compare]");

  function order(row, column) {
    const cell = row.cells[column];
    return cell.dataset.order === undefined ? cell.textContent : cell.dataset.order;
  }

  // Numbers as numbers, words as words; missing values come last in both directions.
  function compare(one, other, way) {
    const [first, second] = [one, other].map((text) => text === "" || text === "–");
    if (first || second) return first - second;
    const [a, b] = [Number(one), Number(other)];
    return way * (Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other, "en", { numeric: true }) : a - b);
  }

  function sort(column, choice = "") {
    const head = heads[column];
    const first = head.dataset.first || "ascending";
    const now = head.getAttribute("aria-sort");
    const next = choice || (now === "ascending" ? "descending" : now === "descending" ? "ascending" : first);
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", next);
    const way = next === "ascending" ? 1 : -1;
    const sorted = rows.map((row, at) => [order(row, column), at, row]);
    sorted.sort((one, other) => compare(one[0], other[0], way) || one[1] - other[1]);
    body.append(...sorted.map(([, , row]) => row));
    return next;
  }

  function press(column) {
    const way = sort(column);
    if (keep) orbifolio.choices.set(keep, `${heads[column].dataset.key},${way}`);
  }

  // The order in the address, if there are such a column and such a direction.
  function recall() {
    const choice = orbifolio.choices.get(keep);
    const [key, way] = [choice.slice(0, choice.lastIndexOf(",")), choice.slice(choice.lastIndexOf(",") + 1)];
    const column = heads.findIndex((head) => head.dataset.key === key);
    if (column >= 0 && ["ascending", "descending"].includes(way)) sort(column, way);
    else sort(0, table.dataset.sorted);
  }

  function addressOf(keys) {
    return `${table.dataset.comparePage}#runs=${keys.map((key) => key.split("/").map(encodeURIComponent).join("/")).join(",")}`;
  }

  function choose() {
    const keys = boxes.filter((box) => box.checked).map((box) => box.closest("tr").dataset.key);
    picked.textContent = keys.length ? `${keys.length} chosen` : "Select two or more runs to compare";
    link.href = keys.length ? addressOf(keys) : table.dataset.comparePage;
  }

  if (rows.length < 2) return;
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => press(column));
    head.append(button);
  });
  heads[0].setAttribute("aria-sort", table.dataset.sorted || "descending");
  if (keep) {
    orbifolio.choices.changed(recall);
    recall();
  }
  if (!link) return;
  boxes.forEach((box) => box.addEventListener("change", choose));
  orbifolio.busy.push(() => boxes.some((box) => box.checked));
  choose(); // a browser may remember what was checked
});
