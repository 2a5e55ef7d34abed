// Sorts the parameter table by any column and filters it by text. Without this the table is there in full.

const table = document.getElementById("parameters");
const body = table.tBodies[0];
const headings = [...table.tHead.rows[0].cells];
const rows = [...body.rows].map((row) => ({
  row,
  name: row.cells[0].textContent.toLowerCase(),
  keys: [...row.cells].map((cell, column) => (column === 0 ? cell.textContent : cell.dataset.key)),
  isReported: row.classList.contains("reported"),
}));

function compare(one, other, column) {
  const [a, b] = [one.keys[column], other.keys[column]];
  if (column === 0) return a.localeCompare(b, "en", { numeric: true });
  return Number(a) - Number(b);
}

function sortBy(column) {
  const heading = headings[column];
  const isAscending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of headings) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
  const sorted = [...rows].sort((one, other) => {
    // What has no number stays last either way.
    const missing = (one.keys[column] === "") - (other.keys[column] === "");
    return missing || (isAscending ? 1 : -1) * compare(one, other, column);
  });
  body.append(...sorted.map((entry) => entry.row));
}

for (const [column, heading] of headings.entries()) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => sortBy(column));
}

const filter = document.getElementById("parameter-filter");
const reportedOnly = document.getElementById("parameter-reported");
const count = document.getElementById("parameter-count");

function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const entry of rows) {
    const fits = words.every((word) => entry.name.includes(word)) && (entry.isReported || !reportedOnly.checked);
    entry.row.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${rows.length} parameters`;
}

filter.addEventListener("input", applyFilter);
reportedOnly.addEventListener("change", applyFilter);
document.querySelector("[data-controls=parameters]").hidden = false;
applyFilter();
