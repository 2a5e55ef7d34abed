// Asks for an explanation of the forecast and goes to the page of its job.

// The service may lie below a path of its host.
const { root } = document.documentElement.dataset;

for (const button of document.querySelectorAll("[data-compute]")) {
  const said = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = "Asking…";
    try {
      const response = await fetch(`${root}/v1/jobs`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
        body: JSON.stringify({ forecast: button.dataset.forecast, kind: button.dataset.compute }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      window.location.assign(`${root}/jobs/${answer.id}`);
    } catch (error) {
      button.disabled = false;
      said.textContent = `It could not be asked for: ${error.message}`;
    }
  });
}

// Back on this page, the button can be used again.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-compute]")) button.disabled = false;
});
