// Keeps a job's page up to date from its event stream, and goes to the forecast when it is there.

import { percent, points } from "./numbers.js";

// The service may lie below a path of its host.
const { root } = document.documentElement.dataset;
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

function resize(list, count, template) {
  while (list.children.length < count) list.append(element(template).content.cloneNode(true));
  while (list.children.length > count) list.lastElementChild.remove();
}

const place = (value) => `${(100 * Math.min(Math.max(value, 0), 1)).toFixed(2)}%`;

function showMarks(group, values) {
  while (group.children.length > values.length) group.lastElementChild.remove();
  while (group.children.length < values.length) {
    const tick = document.createElementNS("http://www.w3.org/2000/svg", "line");
    tick.setAttribute("class", "chain-tick");
    tick.setAttribute("y1", "3");
    tick.setAttribute("y2", "17");
    group.append(tick);
  }
  values.forEach((value, position) => {
    for (const end of ["x1", "x2"]) group.children[position].setAttribute(end, place(value));
  });
}

function showEstimates({ estimates = {}, errors = {}, chain_estimates: byChain = {} }) {
  const list = element("estimates");
  const entries = Object.entries(estimates);
  resize(list, entries.length, "estimate");
  entries.forEach(([outcome, value], position) => {
    const item = list.children[position];
    const error = errors[outcome] ?? null;
    item.querySelector(".probability").textContent = percent(value, error ?? Infinity);
    item.querySelector(".what").textContent = outcome;
    item.querySelector(".error").textContent = error === null ? "" : `±${points(error)}`;
    item.querySelector(".dot").setAttribute("cx", place(value));
    const line = item.querySelector(".interval");
    line.setAttribute("x1", place(value - 2 * (error ?? 0)));
    line.setAttribute("x2", place(value + 2 * (error ?? 0)));
    showMarks(item.querySelector(".marks"), byChain[outcome] ?? []);
  });
  element("no-estimates").hidden = entries.length > 0;
}

function showChains(chains) {
  const rows = element("chains");
  resize(rows, chains.length, "chain");
  chains.forEach((chain, position) => {
    const row = rows.children[position];
    const bar = row.querySelector("progress");
    row.querySelector("th").textContent = `Chain ${position}`;
    const doing = chain.is_warming_up ? "warming up" : "sampling";
    row.querySelector(".doing").textContent = chain.draws_done >= chain.draws_wanted ? "done" : doing;
    bar.setAttribute("aria-label", `Chain ${position}`);
    bar.max = chain.draws_wanted || 1;
    bar.value = chain.draws_done;
    row.querySelector(".draws").textContent =
      `${chain.draws_done.toLocaleString("en")} of ${chain.draws_wanted.toLocaleString("en")}`;
    row.querySelector(".divergences").textContent = chain.divergences.toLocaleString("en");
  });
  element("no-chains").hidden = chains.length > 0;
}

function show({ state, attempt, progress, queue_position: ahead }) {
  const [word, lead] = STATES[state] ?? [state, ""];
  setText("state", word);
  element("state").className = `state state-${state}`;
  setText("lead", lead);
  setText("queue-note", ahead ? ` (${ahead === 1 ? "1 job" : `${ahead} jobs`} before this one)` : "");
  const explanation = showStage(state === "running" ? progress?.stage : null);
  setText("explanation", explanation ?? (state === "running" ? "starting" : "waiting for a worker"));
  const { draws_done: done, draws_wanted: wanted, divergences, chains } = progress ?? {};
  element("bar").max = wanted || 1;
  element("bar").value = done || 0;
  setText("draws", wanted ? `${done.toLocaleString("en")} of ${wanted.toLocaleString("en")} draws` : "no draws yet");
  setText("divergences", (divergences ?? 0).toLocaleString("en"));
  setText("attempt", attempt > 1 ? `attempt ${attempt}` : "");
  showChains(chains ?? []);
  showEstimates(progress ?? {});
}

function finish(job) {
  // The server's page says how a job ended; a forecast speaks for itself.
  if (job.forecast_id) window.location.replace(`${root}/forecasts/${job.forecast_id}${live.dataset.anchor}`);
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
