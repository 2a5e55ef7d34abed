// Numbers as the server's pages say them (`api/pages/shared/wording.py`).

const SMALLEST = 0.001;
const PRECISE_ERROR = 0.001;

// `wording.percent`: no more decimals than the Monte Carlo error supports, near the ends one at least.
export function percent(value, error = Infinity) {
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

// `wording.points`: a Monte Carlo error, with two significant digits.
export function points(error) {
  return `${Number((100 * error).toPrecision(2))}\u00a0pp`;
}
