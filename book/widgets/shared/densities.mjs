// Densities, their KL divergences as sums over even grids, and descents. All numbers are in nats.
//
// For a smooth integrand that vanishes at both ends, the step times the sum of the values is exact
// to rounding as soon as the step is finer than the narrowest peak (Trefethen and Weideman, 2014).
// A Gaussian q is {mean: [d], sd: [d]}, with independent coordinates.

const LOG_TAU = Math.log(2 * Math.PI);
const GRADIENT_STEP = 1e-4;
export const DIRECTIONS = ["qp", "pq"]; // KL(q‖p) and KL(p‖q)

export const clamp = (x, [low, high]) => Math.max(low, Math.min(high, x));
export const logNormal = (z, mean, sd) => -(((z - mean) / sd) ** 2) / 2 - Math.log(sd) - LOG_TAU / 2;
export const logGaussian = (z, { mean, sd }) =>
  z.reduce((sum, x, i) => sum + logNormal(x, mean[i], sd[i]), 0);

/** Places of an even grid, both ends included. */
export const even = (low, high, count) =>
  Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** A target on the line, by its log density. */
export class Line {
  constructor(logP, reach, count) {
    Object.assign(this, { logP, dimensions: 1, step: (2 * reach) / (count - 1) });
    this.grid = even(-reach, reach, count);
    this.logs = this.grid.map(logP);
    this.p = this.logs.map(Math.exp);
  }

  /** The sum of a function of (density, log ratio) of the first of the two named distributions. */
  sum(direction, { mean, sd }, term) {
    let sum = 0;
    for (let i = 0; i < this.grid.length; i++) {
      const logQ = logNormal(this.grid[i], mean[0], sd[0]);
      sum += direction === "qp"
        ? term(Math.exp(logQ), logQ - this.logs[i])
        : term(this.p[i], this.logs[i] - logQ);
    }
    return sum * this.step;
  }

  kl(direction, q) {
    return this.sum(direction, q, (density, ratio) => density * ratio);
  }

  /** What the places with a positive integrand add to the KL. */
  positive(direction, q) {
    return this.sum(direction, q, (density, ratio) => density * Math.max(ratio, 0));
  }

  /** The Gaussian with the mean and the variance of p. */
  moments() {
    const mean = (f) => this.step * this.grid.reduce((sum, z, i) => sum + this.p[i] * f(z), 0);
    const middle = mean((z) => z);
    return { mean: [middle], sd: [Math.sqrt(mean((z) => (z - middle) ** 2))] };
  }
}

/** z₁ ~ N(0, spread²), z₂|z₁ ~ N(bend · z₁² + shift, width²): a bent Gaussian in the plane. */
export class Banana {
  constructor({ spread, bend, shift, width }) {
    Object.assign(this, { spread, bend, shift, width, dimensions: 2 });
    this.logP = (a, b) => logNormal(a, 0, spread) + logNormal(b, this.spine(a), width);
  }

  /** The middle of z₂ at z₁. */
  spine(a) {
    return this.bend * a * a + this.shift;
  }

  /**
   * The mean of a function of the log ratio under the first of the two named distributions.
   *
   * Both are images of a standard Gaussian ε: the sum runs over ε on an even grid of ±8.
   */
  mean(direction, q, term, count) {
    const eps = even(-8, 8, count);
    const weights = eps.map((e) => Math.exp(logNormal(e, 0, 1)) * (eps[1] - eps[0]));
    let sum = 0;
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) {
        const under = direction === "qp";
        const a = under ? q.mean[0] + q.sd[0] * eps[i] : this.spread * eps[i];
        const b = under ? q.mean[1] + q.sd[1] * eps[j] : this.spine(a) + this.width * eps[j];
        const logQ = logNormal(a, q.mean[0], q.sd[0]) + logNormal(b, q.mean[1], q.sd[1]);
        const ratio = logQ - this.logP(a, b);
        sum += weights[i] * weights[j] * term(under ? ratio : -ratio);
      }
    return sum;
  }

  /** The log ratio is a polynomial, so a step of half a standard deviation is fine enough. */
  kl(direction, q) {
    return this.mean(direction, q, (ratio) => ratio, 33);
  }

  /** What the places with a positive integrand add to the KL; its edge asks for a finer grid. */
  positive(direction, q) {
    return this.mean(direction, q, (ratio) => Math.max(ratio, 0), 161);
  }

  /** The Gaussian with the means and the variances of p. */
  moments() {
    const { spread, bend, shift, width } = this;
    return {
      mean: [0, bend * spread ** 2 + shift],
      sd: [spread, Math.sqrt(2 * bend ** 2 * spread ** 4 + width ** 2)],
    };
  }
}

/**
 * Gradient descent in the means and the logarithms of the variances, as in the chapter on the KL,
 * but with steps that are halved until they go downhill. Yields q after every step.
 */
export function* descend(cost, start, limits, steps = 600) {
  const d = start.mean.length;
  const gaussian = (at) => ({
    mean: at.slice(0, d).map((m) => clamp(m, limits.mean)),
    sd: at.slice(d).map((v) => clamp(Math.exp(v / 2), limits.sd)),
  });
  const point = ({ mean, sd }) => [...mean, ...sd.map((s) => 2 * Math.log(s))];
  let at = point(start);
  let value = cost(start);
  let rate = 0.2;
  for (let step = 0; step < steps; step++) {
    const gradient = at.map((_, i) => {
      const [more, less] = [1, -1].map((sign) => {
        const moved = at.map((x, j) => (i === j ? x + sign * GRADIENT_STEP : x));
        return cost({ mean: moved.slice(0, d), sd: moved.slice(d).map((v) => Math.exp(v / 2)) });
      });
      return (more - less) / (2 * GRADIENT_STEP);
    });
    const steepest = Math.max(...gradient.map(Math.abs));
    if (steepest < 1e-6) return;
    let size = Math.min(rate, 0.3 / steepest);
    let [trial, found] = [null, Infinity];
    for (; size > 1e-9; size /= 2) {
      trial = gaussian(at.map((x, i) => x - size * gradient[i]));
      found = cost(trial);
      if (found < value) break;
    }
    if (!(found < value)) return;
    [at, value, rate] = [point(trial), found, Math.min(2 * size, 1)];
    yield trial;
  }
}

/** The end of a descent. */
export function bottom(cost, start, limits) {
  let end = start;
  for (const q of descend(cost, start, limits)) end = q;
  return end;
}
