// Asks the stored futures what follows from what is observed or forced, and fills in every probability. The address
// holds the conditions (`?observe=a&observe=not+b&do=c@12&do=d@never`), so that it can be sent to a colleague.

import { percent, points, pointsChange } from "./numbers.js";

const FEW_DRAWS = 625; // With fewer, the standard error of one half is above 2 percentage points.

const form = document.getElementById("what-if-form");
if (form) start();

function start() {
  const said = document.getElementById("what-if-said");
  const choices = [...form.querySelectorAll("[data-outcome]")].map((row) => ({
    id: row.dataset.outcome,
    expression: row.dataset.expression,
    select: row.querySelector("select"),
    period: row.querySelector("input"),
  }));
  const rows = new Map([...form.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, row]));
  let asked = 0;

  function conditions() {
    const observe = [];
    const force = [];
    for (const { id, expression, select, period } of choices) {
      if (select.value === "observe-yes") observe.push(expression);
      if (select.value === "observe-no") observe.push(`not ${expression}`);
      if (select.value === "force-at") force.push({ outcome: id, at: period.valueAsNumber });
      if (select.value === "force-never") force.push({ outcome: id, at: null });
    }
    return { observe, do: force };
  }

  function writeAddress({ observe, do: force }) {
    const address = new URL(window.location.href);
    address.searchParams.delete("observe");
    address.searchParams.delete("do");
    for (const expression of observe) address.searchParams.append("observe", expression);
    for (const { outcome, at } of force) address.searchParams.append("do", `${outcome}@${at ?? "never"}`);
    if (observe.length || force.length) address.hash = "what-if";
    window.history.replaceState(null, "", address);
  }

  // Whether the address asks anything; what it says of outcomes that are not here is passed over.
  function readAddress() {
    const wanted = new URLSearchParams(window.location.search);
    const set = (id, value, at) => {
      const choice = choices.find((known) => known.id === id || known.expression === id);
      if (!choice) return false;
      choice.select.value = value;
      if (at !== undefined) choice.period.value = at;
      return true;
    };
    const observed = wanted.getAll("observe").map((expression) => {
      const isNot = expression.startsWith("not ");
      return set(isNot ? expression.slice(4) : expression, isNot ? "observe-no" : "observe-yes");
    });
    const forced = wanted.getAll("do").map((text) => {
      const [id, at] = text.split("@");
      if (at === "never") return set(id, "force-never");
      return /^\d{1,3}$/.test(at) && set(id, "force-at", at);
    });
    return [...observed, ...forced].some(Boolean);
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
    const isFew = answer.effective_draws < FEW_DRAWS;
    said.classList.toggle("warned", isFew);
    said.textContent =
      `Counted in ${count(answer.futures)} simulated futures, worth ${count(answer.effective_draws)} independent ones.` +
      (isFew ? " These are few: read the errors, and condition on less to be surer." : "");
  }

  async function ask() {
    const wanted = conditions();
    said.classList.remove("warned");
    writeAddress(wanted);
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
    said.classList.remove("warned");
    clearRows();
    writeAddress({ observe: [], do: [] });
    // The controls have their first values only after this event.
    window.setTimeout(enablePeriods);
  });
  const isAsked = readAddress();
  enablePeriods();
  if (isAsked && form.reportValidity()) ask();
}

function parts(row) {
  const bar = row.querySelector(".bar");
  const ring = bar.querySelector(".ring");
  return { bar, dot: bar.querySelector(".dot"), step: bar.querySelector(".step"), at: ring.getAttribute("cx") };
}
