// Keeps a job's page up to date from its event stream, and goes to the forecast when it is there.

import { percent } from "./numbers.js";

const live = document.getElementById("live");
const element = (id) => document.getElementById(id);
const steps = [...live.querySelectorAll("[data-stage]")];
const cancel = element("cancel");
const RETRY_MILLISECONDS = 3000;

const STATES = JSON.parse(element("words").textContent);

function setText(id, text) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

function showStage(key) {
  const current = steps.findIndex((step) => step.dataset.stage === key);
  steps.forEach((step, position) => {
    step.className = position < current ? "done" : position === current ? "current" : "ahead";
    if (position === current) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  return current < 0 ? null : steps[current].dataset.explanation;
}

function showEstimates(estimates) {
  const list = element("estimates");
  const entries = Object.entries(estimates);
  while (list.children.length < entries.length) list.append(element("estimate").content.cloneNode(true));
  while (list.children.length > entries.length) list.lastElementChild.remove();
  entries.forEach(([outcome, value], position) => {
    const item = list.children[position];
    item.querySelector(".probability").textContent = percent(value);
    item.querySelector(".what").textContent = outcome;
    item.querySelector(".dot").setAttribute("cx", `${(100 * Math.min(Math.max(value, 0), 1)).toFixed(2)}%`);
  });
  element("no-estimates").hidden = entries.length > 0;
}

function show({ state, attempt, progress, queue_position: ahead }) {
  const [word, lead] = STATES[state] ?? [state, ""];
  setText("state", word);
  element("state").className = `state state-${state}`;
  setText("lead", lead);
  setText("queue-note", ahead ? ` (${ahead === 1 ? "1 job" : `${ahead} jobs`} before this one)` : "");
  const explanation = showStage(state === "running" ? progress?.stage : null);
  setText("explanation", explanation ?? (state === "running" ? "starting" : "waiting for a worker"));
  const { draws_done: done, draws_wanted: wanted, divergences, estimates } = progress ?? {};
  element("bar").max = wanted || 1;
  element("bar").value = done || 0;
  setText("draws", wanted ? `${done.toLocaleString("en")} of ${wanted.toLocaleString("en")} draws` : "no draws yet");
  setText("divergences", (divergences ?? 0).toLocaleString("en"));
  setText("attempt", attempt > 1 ? `attempt ${attempt}` : "");
  showEstimates(estimates ?? {});
}

function finish(job) {
  // The server's page says how a job ended; a forecast speaks for itself.
  if (job.forecast_id) window.location.replace(`/forecasts/${job.forecast_id}${live.dataset.anchor}`);
  else window.location.reload();
}

const source = new EventSource(live.dataset.events);
source.addEventListener("progress", (event) => {
  setText("said", "");
  show(JSON.parse(event.data));
});
source.addEventListener("done", (event) => {
  source.close();
  finish(JSON.parse(event.data));
});
source.addEventListener("error", () => {
  setText("said", "The connection is lost; trying again…");
  // A stream that was refused is not tried again by the browser.
  if (source.readyState === EventSource.CLOSED) window.setTimeout(() => window.location.reload(), RETRY_MILLISECONDS);
});
source.addEventListener("open", () => setText("said", ""));
window.addEventListener("pagehide", () => source.close());

cancel.hidden = false;
cancel.addEventListener("click", async () => {
  cancel.disabled = true;
  cancel.textContent = "Cancelling…";
  try {
    const response = await fetch(live.dataset.cancel, { method: "POST", headers: { Accept: "application/json" } });
    // 409: it has just ended; the stream will say how.
    if (!response.ok && response.status !== 409) throw new Error((await response.json()).detail);
  } catch (error) {
    cancel.disabled = false;
    cancel.textContent = "Cancel the job";
    setText("said", `It could not be cancelled: ${error.message}`);
  }
});
