// Does what a reader asks of a study: buttons that carry their request, and the form of a new schedule.

async function ask(method, at, body) {
  const response = await fetch(at, {
    method,
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return {};
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? `the service answered ${response.status}`);
  return answer;
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
      if (button.dataset.then === "job") window.location.assign(`/jobs/${answer.job_id ?? answer.id}`);
      else window.location.reload();
    } catch (error) {
      button.disabled = false;
      said.textContent = `It could not be done: ${error.message}`;
    }
  });
}

for (const form of document.querySelectorAll("form.new-schedule")) {
  const said = form.querySelector("[role=status]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await ask("POST", form.dataset.at, {
        study: form.dataset.study,
        cron: given.get("cron"),
        timezone: given.get("timezone"),
        catch_up: given.get("catch_up"),
        unchanged: given.get("always") ? "run" : "skip",
      });
      window.location.reload();
    } catch (error) {
      button.disabled = false;
      said.textContent = `It could not be made: ${error.message}`;
    }
  });
}

// Back on this page, the buttons can be used again.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-do], form.new-schedule [type=submit]")) button.disabled = false;
  for (const said of document.querySelectorAll("main [role=status]")) said.textContent = "";
});
