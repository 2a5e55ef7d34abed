// Numbers as the server's pages say them (`forecast/wording/numbers.py`), by limits that come with the page.

const SMALLEST = Number(document.documentElement.dataset.smallestShown);
const PRECISE_ERROR = Number(document.documentElement.dataset.preciseError);

// `percent`: no more decimals than the Monte Carlo error supports, near the ends one at least; an error of 0 is certain.
export function percent(value, error = Infinity) {
  if (error === 0 && (value === 0 || value === 1)) return `${100 * value}\u00a0%`;
  if (value < SMALLEST) return "<0.1\u00a0%";
  if (value > 1 - SMALLEST) return ">99.9\u00a0%";
  const digits = error <= PRECISE_ERROR || value < 0.01 || value > 0.99 ? 1 : 0;
  return `${(100 * value).toFixed(digits)}\u00a0%`;
}

// A change of a probability in percentage points, with its sign.
export function pointsChange(value) {
  const shown = (100 * value).toFixed(1);
  if (Number(shown) === 0) return "0\u00a0pp";
  return `${shown.startsWith("-") ? `\u2212${shown.slice(1)}` : `+${shown}`}\u00a0pp`;
}

// `points`: a Monte Carlo error, with two significant digits.
export function points(error) {
  return `${Number((100 * error).toPrecision(2))}\u00a0pp`;
}
