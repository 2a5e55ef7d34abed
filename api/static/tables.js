// Sorts the parameter table by any column, filters it by text and shows it page by page. Without this the table is there
// in full.

const table = document.getElementById("parameters");
const body = table.tBodies[0];
const headings = [...table.tHead.rows[0].cells];
const PAGE_ROWS = 50;
let page = 0;
let order = [];
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
  order = sorted;
  page = 0;
  showPage();
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

const before = document.getElementById("parameter-before");
const next = document.getElementById("parameter-next");

function showPage() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (entry) => words.every((word) => entry.name.includes(word)) && (entry.isReported || !reportedOnly.checked);
  const found = order.filter(fits);
  const first = page * PAGE_ROWS;
  const shown = new Set(found.slice(first, first + PAGE_ROWS));
  for (const entry of order) entry.row.hidden = !shown.has(entry);
  const all = found.length === rows.length ? "" : ` of ${rows.length}`;
  const part = shown.size < found.length ? `, ${first + 1} to ${first + shown.size} shown` : "";
  count.textContent = `${found.length}${all} parameters${part}`;
  before.disabled = page === 0;
  next.disabled = first + PAGE_ROWS >= found.length;
}

function turn(pages) {
  page += pages;
  showPage();
  table.parentElement.scrollTop = 0;
}

function applyFilter() {
  page = 0;
  showPage();
}

before.addEventListener("click", () => turn(-1));
next.addEventListener("click", () => turn(1));
window.addEventListener("beforeprint", () => order.forEach((entry) => (entry.row.hidden = false)));
window.addEventListener("afterprint", showPage);
order = rows;
filter.addEventListener("input", applyFilter);
reportedOnly.addEventListener("change", applyFilter);
document.querySelector("[data-controls=parameters]").hidden = false;
applyFilter();
