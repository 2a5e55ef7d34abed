// Makes and revokes keys. A new key is shown once, where it was asked for.

const said = document.querySelector("main [role=status]");
// The service may lie below a path of its host.
const { root } = document.documentElement.dataset;

async function send(method, at, body) {
  const headers = { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  const response = await fetch(at, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? `the service answered ${response.status}`);
  return answer;
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    said.textContent = `It could not be done: ${error.message}`;
  }
}

for (const button of document.querySelectorAll("[data-revoke]")) {
  button.addEventListener("click", () => attempt(async () => {
    const made = button.dataset.made;
    const which = made ? `this key and the ${made} that it made` : "this key";
    if (!window.confirm(`Revoke ${which}? Requests with it are refused from now on, and its browsers are signed out.`)) return;
    await send("DELETE", `${root}/v1/keys/${button.dataset.revoke}${made ? "?with_made=true" : ""}`);
    window.location.reload();
  }));
}

document.getElementById("new-key")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, days, scopes } = event.target.elements;
  const chosen = [...scopes].filter((box) => box.checked).map((box) => box.value);
  const holds = days.value.trim();
  attempt(async () => {
    // What is no number would become null, which is a key that never ends.
    if (holds && !/^[1-9][0-9]*$/.test(holds)) {
      throw new Error(`"${holds}" is no number of days; write a whole number of at least 1, or nothing for a key that never ends`);
    }
    const wanted = { name: name.value, scopes: chosen, ...(holds ? { days: Number(holds) } : {}) };
    const made = await send("POST", `${root}/v1/keys`, wanted);
    event.target.reset();
    said.textContent = `Made. Keep it now, it is shown only once: ${made.key}`;
  });
});
