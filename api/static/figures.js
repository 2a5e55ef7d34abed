// Draws the figures of a page with Plotly, in the page's own colours. Plotly is loaded when a figure comes near.

const NEAR = "800px";
const CONFIG = {
  responsive: true,
  displaylogo: false,
  displayModeBar: "hover",
  modeBarButtons: [["toImage", "resetScale2d"]],
};

const drawn = new Map();
let loading = null;

function loadPlotly(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

function themeTemplate() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    gridcolor: colour("--grid"),
    linecolor: colour("--track"),
    zerolinecolor: colour("--track"),
    tickcolor: colour("--track"),
    automargin: true,
    title: { standoff: 8, font: { size: 13 } },
  };
  return {
    layout: {
      font: { family: style.getPropertyValue("--sans").trim(), size: 13, color: colour("--ink") },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: axis,
      yaxis: axis,
      margin: { l: 56, r: 16, t: 36, b: 48 },
      hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--track"), font: { color: colour("--ink") } },
      legend: { bgcolor: "rgba(0,0,0,0)" },
    },
  };
}

// Draws a figure that is at hand.
export async function drawFigure(element, figure) {
  const Plotly = await loadPlotly(element.dataset.plotly);
  const layout = { ...figure.layout, template: themeTemplate(), autosize: true };
  // Above the plot and growing upwards: on a phone it takes several lines.
  layout.legend = { ...layout.legend, x: 0, xanchor: "left", y: 1.01, yanchor: "bottom" };
  // The height kept for the figure is the figure's.
  layout.height = element.previousElementSibling.height.baseVal.value;
  element.replaceChildren();
  await Plotly.newPlot(element, figure.data, layout, CONFIG);
  drawn.set(element, Plotly);
}

async function draw(element) {
  try {
    const response = await fetch(element.dataset.figure, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`the figure could not be read (${response.status})`);
    await drawFigure(element, await response.json());
    element.dataset.drawn = "yes";
  } catch (error) {
    element.textContent = `The figure cannot be shown: ${error.message}.`;
    element.dataset.drawn = "no";
  }
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((seen) => seen.isIntersecting)) {
      observer.unobserve(entry.target);
      draw(entry.target);
    }
  },
  { rootMargin: NEAR },
);
for (const element of document.querySelectorAll("[data-figure]")) observer.observe(element);

function recolour() {
  for (const [element, Plotly] of drawn) Plotly.relayout(element, { template: themeTemplate() });
}
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  window.matchMedia(query).addEventListener("change", recolour);
}
