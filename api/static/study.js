// Does what a reader asks of a study: buttons that carry their request, and forms of schedules, evidence, subscriptions.

// The service may lie below a path of its host.
const { root } = document.documentElement.dataset;

async function send(method, at, body, type) {
  const headers = { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": type }) };
  const response = await fetch(at, { method, headers, body });
  if (response.status === 204) return {};
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const places = (answer.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  throw new Error(places.length ? places.join("; ") : (answer.detail ?? `the service answered ${response.status}`));
}

const ask = (method, at, body) =>
  send(method, at, body === undefined ? undefined : JSON.stringify(body), "application/json");

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

// What a form says, by the names of its fields; what is empty is left out.
function valuesOf(form) {
  const values = {};
  for (const field of form.elements) {
    const said = field.name ? field.value.trim() : "";
    // A blank is no zero; what is no plain number is sent as it is, and refused in words.
    if (said === "") continue;
    values[field.name] = field.dataset.as === "number" && NUMBER.test(said) ? Number(said) : said;
  }
  return values;
}

// Sends a form when it is submitted; what `work` gives is said in place of a fresh page.
function onSubmit(selector, work) {
  for (const form of document.querySelectorAll(selector)) {
    const said = form.querySelector("[role=status]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.ask && !window.confirm(form.dataset.ask)) return;
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      said.textContent = "Asking…";
      try {
        const words = await work(form);
        if (words) {
          said.textContent = words;
          button.disabled = false;
        } else window.location.reload();
      } catch (error) {
        button.disabled = false;
        said.textContent = `It could not be done: ${error.message}`;
      }
    });
  }
}

for (const button of document.querySelectorAll("[data-do]")) {
  const said = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    if (button.dataset.ask && !window.confirm(button.dataset.ask)) return;
    button.disabled = true;
    said.textContent = "Asking…";
    try {
      const body = button.dataset.body ? JSON.parse(button.dataset.body) : undefined;
      const answer = await ask(button.dataset.do, button.dataset.at, body);
      if (button.dataset.then === "job") window.location.assign(`${root}/jobs/${answer.job_id ?? answer.id}`);
      else window.location.reload();
    } catch (error) {
      button.disabled = false;
      said.textContent = `It could not be done: ${error.message}`;
    }
  });
}

onSubmit("form.new-schedule", async (form) => {
  const given = valuesOf(form);
  const { cron, timezone, catch_up } = given;
  const unchanged = form.elements.always.checked ? "run" : "skip";
  await ask("POST", form.dataset.at, { study: form.dataset.study, cron, timezone, catch_up, unchanged });
});

// Rows that were added and leave something open stay on the page until that was read.
const questionsOf = (answer) =>
  answer.questions?.length
    ? `Added, with a question: ${answer.questions.map((asked) => (/[.?]$/.test(asked) ? asked : `${asked}.`)).join(" ")} A later row corrects an earlier one.`
    : "";

onSubmit("form.sends", async (form) => {
  const answer = await ask(form.dataset.method ?? "POST", form.dataset.at, valuesOf(form));
  return answer.added === 0 ? "It is known already; nothing was added." : questionsOf(answer);
});

onSubmit("form.sends-table", async (form) => {
  const at = `${root}/v1/studies/${form.dataset.study}/${form.elements.kind.value}`;
  const answer = await send("POST", at, form.elements.table.files[0], "text/csv");
  return answer.added === 0 ? `All ${answer.duplicates} rows are known already; nothing was added.` : questionsOf(answer);
});

onSubmit("form.subscribes", async (form) => {
  const { kind, percent, subject, url } = valuesOf(form);
  const wanted = { study: form.dataset.study, kind, ...(url ? { url } : {}) };
  if (kind === "threshold") wanted.threshold = Number(percent) / 100;
  if (kind === "move") wanted.least_move = Number(percent) / 100;
  const [about, id] = (subject ?? "").split(" ");
  if (id && (kind === "threshold" || kind === "move")) wanted[about] = id;
  const answer = await ask("POST", `${root}/v1/subscriptions`, wanted);
  return answer.secret ? `Made. Its secret, shown only now: ${answer.secret}` : "";
});

// Back on this page, the buttons can be used again.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-do], form [type=submit]")) button.disabled = false;
  for (const said of document.querySelectorAll("main [role=status]")) said.textContent = "";
});
