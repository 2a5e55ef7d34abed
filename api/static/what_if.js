// Asks the stored futures what follows from what is observed or forced, and fills in every probability.

import { percent, points, pointsChange } from "./numbers.js";

const form = document.getElementById("what-if-form");
if (form) start();

function start() {
  const said = document.getElementById("what-if-said");
  const choices = [...form.querySelectorAll("[data-outcome]")].map((row) => ({
    id: row.dataset.outcome,
    select: row.querySelector("select"),
    period: row.querySelector("input"),
  }));
  const rows = new Map([...form.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, row]));
  let asked = 0;

  function conditions() {
    const observe = [];
    const force = [];
    for (const { id, select, period } of choices) {
      if (select.value === "observe-yes") observe.push(id);
      if (select.value === "observe-no") observe.push(`not ${id}`);
      if (select.value === "force-at") force.push({ outcome: id, at: period.valueAsNumber });
      if (select.value === "force-never") force.push({ outcome: id, at: null });
    }
    return { observe, do: force };
  }

  function clearRows() {
    for (const row of rows.values()) {
      for (const name of ["after", "change", "error"]) row.querySelector(`.${name}`).textContent = "–";
      const { bar, dot, step, at } = parts(row);
      dot.setAttribute("cx", at);
      step.setAttribute("x2", at);
      bar.dataset.moved = "no";
    }
  }

  function show(answer) {
    const items = [
      ...answer.scenarios.map((item) => [`scenario ${item.id}`, item]),
      ...answer.outcomes.map((item) => [`outcome ${item.id}`, item]),
    ];
    for (const [key, item] of items) {
      const row = rows.get(key);
      if (!row) continue;
      const before = item.unconditional.probability;
      row.querySelector(".after").textContent = percent(item.probability, item.mcse);
      row.querySelector(".change").textContent = pointsChange(item.probability - before);
      row.querySelector(".error").textContent = `±${points(item.mcse)}`;
      const { bar, dot, step } = parts(row);
      const place = `${(100 * item.probability).toFixed(2)}%`;
      dot.setAttribute("cx", place);
      step.setAttribute("x2", place);
      step.setAttribute("class", `step ${item.probability > before ? "up" : "down"}`);
      bar.dataset.moved = "yes";
    }
    const count = (number) => Math.round(number).toLocaleString("en");
    said.textContent =
      `Counted in ${count(answer.futures)} simulated futures, worth ${count(answer.effective_draws)} independent ones.`;
  }

  async function ask() {
    const wanted = conditions();
    if (!wanted.observe.length && !wanted.do.length) {
      clearRows();
      said.textContent = "Choose a condition for at least one outcome.";
      return;
    }
    const turn = ++asked;
    said.textContent = "Counting…";
    form.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(form.dataset.query, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
        body: JSON.stringify({ expression: form.dataset.expression, ...wanted, all: true }),
      });
      const answer = await response.json();
      // A later question may have been answered first.
      if (turn !== asked) return;
      if (response.ok) show(answer);
      else {
        clearRows();
        said.textContent = `${answer.title}: ${answer.detail}.`;
      }
    } catch (error) {
      if (turn !== asked) return;
      clearRows();
      said.textContent = `The service could not be asked: ${error.message}`;
    } finally {
      if (turn === asked) form.removeAttribute("aria-busy");
    }
  }

  function enablePeriods() {
    for (const { select, period } of choices) period.disabled = select.value !== "force-at";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  form.addEventListener("change", enablePeriods);
  form.addEventListener("reset", () => {
    asked += 1;
    form.removeAttribute("aria-busy");
    said.textContent = "";
    clearRows();
    // The controls have their first values only after this event.
    window.setTimeout(enablePeriods);
  });
  enablePeriods();
}

function parts(row) {
  const bar = row.querySelector(".bar");
  const ring = bar.querySelector(".ring");
  return { bar, dot: bar.querySelector(".dot"), step: bar.querySelector(".step"), at: ring.getAttribute("cx") };
}
