// Checks a study as one types, shows errors at their lines, asks what the priors imply, stores it and asks for a forecast.

import { drawFigure } from "./figures.js";
import { percent } from "./numbers.js";

// The service may lie below a path of its host.
const { root } = document.documentElement.dataset;
const PAUSE_MILLISECONDS = 600;
const POLL_MILLISECONDS = 1500;
const PATIENCE_MILLISECONDS = 15 * 60_000;
const NAME = "study.yaml";

const element = (id) => document.getElementById(id);
const text = element("text");
const gutter = element("gutter");
const verdict = element("verdict");
const errors = element("errors");
const said = element("said");
const previewSaid = element("preview-said");
const buttons = [element("store"), element("store-only"), element("ask-preview")];

let tables = new Map(); // Files beside the document, by name.
let checked = null; // The last answer, if it is about the text as it stands.
let turn = 0;
let timer = null;
let known = text.value; // What is stored, or came from somewhere: nothing of it is lost with the page.

const isTyped = () => text.value !== known;
const mayReplace = () => !isTyped() || window.confirm("Replace what you have typed?");

// Nothing can be stored before the text as it stands has been checked.
function forget() {
  turn += 1;
  checked = null;
  for (const button of buttons) button.disabled = true;
}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? `the service answered ${response.status}`);
  return answer;
}

const asJson = (method, body) => ({
  method,
  headers: { Accept: "application/json", "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

function showGutter(badLines = new Set()) {
  const count = text.value.split("\n").length;
  const numbers = Array.from({ length: count }, (_, place) => {
    const line = document.createElement("div");
    line.textContent = badLines.has(place + 1) ? `● ${place + 1}` : `${place + 1}`;
    if (badLines.has(place + 1)) line.className = "wrong";
    return line;
  });
  gutter.replaceChildren(...numbers);
  gutter.scrollTop = text.scrollTop;
}

function goTo(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus({ preventScroll: true });
  text.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = (line - 1) * height - text.clientHeight / 2;
  text.scrollIntoView({ block: "nearest" });
}

function errorItem(found) {
  const item = document.createElement("li");
  const where = found.file === null ? `Line ${found.line}` : `${found.file}, line ${found.line}`;
  if (found.file === null) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = where;
    button.addEventListener("click", () => goTo(found.line));
    item.append(button);
  } else item.append(where);
  const path = document.createElement("code");
  path.textContent = found.path;
  const message = document.createElement("span");
  message.dir = "auto";
  message.textContent = found.message;
  item.append(" ", path, " ", message);
  return item;
}

function questionItem(asked) {
  const item = document.createElement("li");
  item.className = "asked";
  item.dir = "auto";
  item.textContent = asked;
  return item;
}

function showAnswer(answer) {
  checked = answer.valid ? answer : null;
  for (const button of buttons) button.disabled = !answer.valid;
  errors.replaceChildren(...answer.errors.map(errorItem), ...answer.questions.map(questionItem));
  text.setAttribute("aria-invalid", String(!answer.valid));
  const own = answer.errors.filter((found) => found.file === null);
  showGutter(new Set(own.map((found) => found.line)));
  verdict.classList.toggle("warned", !answer.valid);
  if (answer.valid) {
    const { outcomes, scenarios, cases, indicators, judgments } = answer.counts;
    const parts = { outcome: outcomes, scenario: scenarios, case: cases, indicator: indicators, judgment: judgments };
    const words = Object.entries(parts).map(([noun, count]) => `${count} ${noun}${count === 1 ? "" : "s"}`);
    verdict.textContent = `It can be forecast: ${words.join(", ")}.`;
  } else {
    const count = answer.errors.length === 1 ? "1 place is wrong" : `${answer.errors.length} places are wrong`;
    verdict.textContent = own.length ? `${count}, the first in line ${own[0].line}.` : `${count}.`;
  }
}

async function check() {
  forget();
  const mine = turn;
  const form = new FormData();
  form.append("files", new Blob([text.value]), NAME);
  for (const [name, body] of tables) form.append("files", new Blob([body]), name);
  try {
    const answer = await answerOf(await fetch(`${root}/v1/check`, { method: "POST", headers: { Accept: "application/json" }, body: form }));
    // What was typed since then is checked by itself.
    if (mine === turn) showAnswer(answer);
  } catch (error) {
    if (mine !== turn) return;
    verdict.classList.add("warned");
    verdict.textContent = `It could not be checked: ${error.message}`;
  }
}

function checkSoon() {
  forget();
  window.clearTimeout(timer);
  timer = window.setTimeout(check, PAUSE_MILLISECONDS);
}

function showTables() {
  element("tables").hidden = tables.size === 0;
  element("table-list").replaceChildren(
    ...[...tables].map(([name, body]) => {
      const item = document.createElement("li");
      item.textContent = `${name} (${body.split("\n").filter(Boolean).length} lines) `;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = "Remove";
      button.setAttribute("aria-label", `Remove ${name}`);
      button.addEventListener("click", () => {
        tables.delete(name);
        showTables();
        checkSoon();
      });
      item.append(button);
      return item;
    }),
  );
}

function take(files) {
  const found = Object.entries(files);
  const documentName = ["study.yaml", "study.yml", "study.json"].find((name) => name in files);
  if (documentName) {
    if (!mayReplace()) return;
    text.value = files[documentName];
    known = text.value;
    tables = new Map();
  }
  for (const [name, body] of found) if (name !== documentName && name.endsWith(".csv")) tables.set(name, body);
  showTables();
  showGutter();
  check();
}

// The text of a file, in an encoding that the service reads as well.
async function textOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const marks = { "255,254": "utf-16le", "254,255": "utf-16be" };
  try {
    return new TextDecoder(marks[String(bytes.slice(0, 2))] ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

async function readFiles(list) {
  said.textContent = "";
  const files = {};
  try {
    for (const file of list) {
      const inFolder = file.webkitRelativePath.split("/").slice(1).join("/");
      const name = inFolder || file.name;
      if (name.endsWith(".zip")) {
        const answer = await fetch(`${root}/v1/check`, {
          method: "POST",
          headers: { Accept: "application/json", "Content-Type": "application/zip" },
          body: file,
        });
        const { files: unpacked, errors: wrong } = await answerOf(answer);
        if (!Object.keys(unpacked).length) throw new Error(wrong[0]?.message ?? "the archive is empty");
        Object.assign(files, unpacked);
      } else if (/\.(ya?ml|json|csv)$/i.test(name)) files[name] = await textOf(file);
    }
    take(files);
  } catch (error) {
    said.textContent = `The files could not be read: ${error.message}`;
  }
}

async function store(isForecast) {
  if (!checked) return;
  const { document: body, study } = checked;
  if (text.dataset.study && study !== text.dataset.study && !window.confirm(`The document names another study, ${study}. Store it there?`)) return;
  for (const button of buttons) button.disabled = true;
  text.readOnly = true;
  said.textContent = "Storing…";
  try {
    await answerOf(await fetch(`${root}/v1/studies/${encodeURIComponent(study)}`, asJson("PUT", body)));
    known = text.value;
    if (!isForecast) {
      window.location.assign(`${root}/studies/${encodeURIComponent(study)}`);
      return;
    }
    const job = await answerOf(await fetch(`${root}/v1/jobs`, asJson("POST", { study })));
    window.location.assign(`${root}/jobs/${job.id}`);
  } catch (error) {
    said.textContent = `It could not be done: ${error.message}`;
    text.readOnly = false;
    for (const button of buttons) button.disabled = !checked;
  }
}

function previewRow(outcome) {
  const row = document.createElement("tr");
  const title = document.createElement("th");
  title.scope = "row";
  title.className = "wide";
  title.dir = "auto";
  title.textContent = outcome.title;
  const interval = `${percent(outcome.low)} to ${percent(outcome.high)}`;
  const cells = [percent(outcome.probability), interval, outcome.words, outcome.confidence ?? ""];
  row.append(
    title,
    ...cells.map((value, place) => {
      const cell = document.createElement("td");
      cell.textContent = value;
      if (place < 2) cell.className = "number nowrap";
      return cell;
    }),
  );
  return row;
}

async function showPreview(answer) {
  element("preview-shown").hidden = false;
  element("preview-rows").replaceChildren(...answer.outcomes.map(previewRow));
  await drawFigure(element("preview-figure"), answer.figure);
}

async function askPreview() {
  if (!checked) return;
  const { document: body, digest } = checked;
  const patience = Date.now() + PATIENCE_MILLISECONDS;
  element("ask-preview").disabled = true;
  previewSaid.textContent = "Asked; a worker draws from the priors…";
  element("preview").scrollIntoView({ block: "start" });
  try {
    let view = await answerOf(await fetch(`${root}/v1/previews`, asJson("POST", { document: body })));
    while (view.state === "waiting") {
      if (Date.now() > patience) throw new Error("no worker has answered; ask again when one is there");
      await new Promise((resolve) => window.setTimeout(resolve, POLL_MILLISECONDS));
      view = await answerOf(await fetch(`${root}/v1/previews/${digest}`, { headers: { Accept: "application/json" } }));
    }
    if (view.state === "failed") throw new Error(view.error);
    previewSaid.textContent = `From ${view.answer.draws.toLocaleString("en")} draws of the priors; no evidence was used but what is settled.`;
    await showPreview(view.answer);
  } catch (error) {
    previewSaid.textContent = `There is no preview: ${error.message}`;
  } finally {
    element("ask-preview").disabled = !checked;
  }
}

text.addEventListener("input", () => {
  showGutter();
  checkSoon();
});
text.addEventListener("scroll", () => {
  gutter.scrollTop = text.scrollTop;
});
element("example").addEventListener("change", async (event) => {
  const wanted = event.target.value;
  if (!wanted) return;
  try {
    const { files } = await answerOf(await fetch(wanted, { headers: { Accept: "application/json" } }));
    // Another one may have been chosen meanwhile.
    if (event.target.value === wanted) take(files);
  } catch (error) {
    said.textContent = `The example could not be read: ${error.message}`;
  }
});
for (const id of ["files", "folder"]) element(id).addEventListener("change", (event) => readFiles(event.target.files));
element("store").addEventListener("click", () => store(true));
element("store-only").addEventListener("click", () => store(false));
element("ask-preview").addEventListener("click", askPreview);
window.addEventListener("beforeunload", (event) => {
  if (isTyped()) event.preventDefault();
});
showGutter();
check();
