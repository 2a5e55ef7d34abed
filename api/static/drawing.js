// Waits until the figures of a forecast are drawn, and shows the page with them.

const said = document.getElementById("drawing");
const PAUSE_MILLISECONDS = 3000;

async function look() {
  try {
    const response = await fetch(said.dataset.at, { headers: { Accept: "application/json" } });
    if (response.ok && (await response.json()).drawn_at) {
      window.location.reload();
      return;
    }
  } catch {
    // The service may be away for a moment.
  }
  window.setTimeout(look, PAUSE_MILLISECONDS);
}

window.setTimeout(look, PAUSE_MILLISECONDS);
