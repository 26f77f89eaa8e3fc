// A Gaussian encoder beside the truth, for a code of two numbers.
//
// The decoder says N(x; y(z), s²) for every pixel. Of −log p(x|z) the constant (n/2) log(2π s²) is
// left out everywhere, as it is the same for every code and every image: D = ‖x − y(z)‖² / (2 s²).

const LOG_TAU = Math.log(2 * Math.PI);

/** The points and weights of Gauss and Hermite for the mean of f(ε), ε ~ N(0, 1). */
const NODES = hermite(17);

function hermite(count) {
  // The roots of the polynomial of degree `count`, found between those of lower degrees.
  const value = (x, n) => {
    let [before, now] = [0, 1];
    for (let k = 0; k < n; k++) [before, now] = [now, x * now - k * before];
    return now;
  };
  let roots = [];
  for (let n = 1; n <= count; n++) {
    const edges = [-2 * Math.sqrt(n) - 1, ...roots, 2 * Math.sqrt(n) + 1];
    roots = edges.slice(1).map((high, i) => {
      let [a, b] = [edges[i], high];
      const sign = Math.sign(value(a, n));
      for (let k = 0; k < 80; k++) {
        const middle = (a + b) / 2;
        if (Math.sign(value(middle, n)) === sign) a = middle;
        else b = middle;
      }
      return (a + b) / 2;
    });
  }
  let factorial = 1;
  for (let k = 2; k < count; k++) factorial *= k;
  return roots.map((x) => [x, factorial / (count * value(x, count - 1) ** 2)]);
}

const clamp = (x, [low, high]) => Math.max(low, Math.min(high, x));

/** KL(N(mean, sd²) ‖ N(0, I)) in nats. */
const rate = ({ mean, sd }) =>
  mean.reduce((sum, m, i) => sum + (m * m + sd[i] ** 2 - 1) / 2 - Math.log(sd[i]), 0);

/** The logarithm of a sum of exponentials. */
export function logSum(values) {
  let top = -Infinity;
  for (const value of values) top = Math.max(top, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum);
}

export class Truth {
  /**
   * Codes on a grid of count × count cells of −reach … reach, decoded once.
   *
   * A posterior that reaches beyond the grid makes the evidence too small, and the gap as well. With
   * a reach of 6, the prior leaves hardly anything out there, even of the posterior of a black garment.
   */
  constructor(decoder, variance, { reach = 6, count = 91, finest = 40, parts = 5 } = {}) {
    Object.assign(this, { decoder, variance, reach, count, finest, parts });
    this.limits = { mean: [-reach, reach], sd: [0.005, 1.5] };
    this.step = (2 * reach) / count;
    this.codes = new Float32Array(2 * count * count);
    for (let n = 0; n < count * count; n++) this.codes.set(this.cell(n), 2 * n);
    this.images = decoder.apply(this.codes);
  }

  /** The middle of a cell; cells run from the upper left corner, row by row. */
  cell(n) {
    const [column, row] = [n % this.count, Math.floor(n / this.count)];
    return [(column + 0.5) * this.step - this.reach, this.reach - (row + 0.5) * this.step];
  }

  /** The nearest Gaussian whose middle is on the grid and whose widths are within their limits. */
  within({ mean, sd }) {
    return {
      mean: mean.map((x) => clamp(x, this.limits.mean)),
      sd: sd.map((x) => clamp(x, this.limits.sd)),
    };
  }

  /** D of an image for decoded images, in nats. */
  distortions(x, images) {
    const size = x.length;
    const found = new Float64Array(images.length / size);
    for (let n = 0; n < found.length; n++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (x[i] - images[n * size + i]) ** 2;
      found[n] = sum / (2 * this.variance);
    }
    return found;
  }

  /** log p(x|z) p(z) of codes, without the constant. */
  logJoint(x, codes, images) {
    const found = this.distortions(x, images);
    return found.map((D, n) => -D - (codes[2 * n] ** 2 + codes[2 * n + 1] ** 2) / 2 - LOG_TAU);
  }

  /**
   * The exact posterior of an image: its mass in every cell, and log p(x) without the constant.
   *
   * The cells with the largest share are looked at again, each in `parts` × `parts` places.
   */
  posterior(x) {
    const { step, parts } = this;
    const logs = this.logJoint(x, this.codes, this.images).map((value) => value + 2 * Math.log(step));
    const top = logs.reduce((a, b) => Math.max(a, b));
    const heavy = Array.from(logs.keys()).filter((n) => logs[n] > top - 20); // the others: e⁻²⁰
    const chosen = heavy.sort((a, b) => logs[b] - logs[a]).slice(0, this.finest);
    const places = new Float32Array(2 * chosen.length * parts ** 2);
    chosen.forEach((n, k) => {
      const [left, top] = this.cell(n);
      for (let p = 0; p < parts ** 2; p++) {
        const at = 2 * (k * parts ** 2 + p);
        places[at] = left + (((p % parts) + 0.5) / parts - 0.5) * step;
        places[at + 1] = top + ((Math.floor(p / parts) + 0.5) / parts - 0.5) * step;
      }
    });
    const finer = this.logJoint(x, places, this.decoder.apply(places));
    chosen.forEach((n, k) => {
      const part = finer.subarray(k * parts ** 2, (k + 1) * parts ** 2);
      logs[n] = logSum(part) + 2 * Math.log(step / parts);
    });
    const logEvidence = logSum(logs);
    return { logEvidence, mass: logs.map((value) => Math.exp(value - logEvidence)) };
  }

  /** D and R of a Gaussian q, {mean: [2], sd: [2]}, in nats: an integral, not a sample. */
  account(x, q) {
    const codes = new Float32Array(2 * NODES.length ** 2);
    let at = 0;
    for (const [a] of NODES)
      for (const [b] of NODES) {
        codes[at++] = q.mean[0] + q.sd[0] * a;
        codes[at++] = q.mean[1] + q.sd[1] * b;
      }
    const found = this.distortions(x, this.decoder.apply(codes));
    let D = 0;
    NODES.forEach(([, u], i) => NODES.forEach(([, v], j) => (D += u * v * found[i * NODES.length + j])));
    return { D, R: rate(q) };
  }

  /**
   * −log of the mean of K importance weights, one draw, and its codes (K · 2).
   *
   * `noise` holds the K draws ε of N(0, I), (K · 2); the codes are mean + sd · ε.
   */
  importance(x, q, noise) {
    const codes = Float32Array.from(noise, (eps, at) => q.mean[at % 2] + q.sd[at % 2] * eps);
    const joint = this.logJoint(x, codes, this.decoder.apply(codes));
    const logWeights = joint.map((value, k) => {
      const square = noise[2 * k] ** 2 + noise[2 * k + 1] ** 2;
      return value + square / 2 + LOG_TAU + Math.log(q.sd[0] * q.sd[1]);
    });
    return { value: Math.log(joint.length) - logSum(logWeights), codes };
  }

  /**
   * Better Gaussians for one image, step by step: means and widths are moved one after another by
   * a step that grows after a success and shrinks after a failure. Yields after every round.
   */
  *descend(x, start, rounds = 40) {
    const q = this.within(start);
    const cost = (trial) => { const { D, R } = this.account(x, trial); return D + R; };
    const steps = [0.1, 0.1, 0.2, 0.2];
    let best = cost(q);
    for (let round = 0; round < rounds; round++) {
      for (let j = 0; j < 4; j++) {
        const tried = [1, -1].map((sign) => {
          const trial = { mean: [...q.mean], sd: [...q.sd] };
          if (j < 2) trial.mean[j] += sign * steps[j];
          else trial.sd[j - 2] *= Math.exp(sign * steps[j]);
          const inside = this.within(trial);
          return [cost(inside), inside];
        });
        const [value, trial] = tried[0][0] < tried[1][0] ? tried[0] : tried[1];
        if (value < best) {
          best = value;
          Object.assign(q, trial);
          steps[j] *= 1.4;
        } else steps[j] /= 2;
      }
      yield { q: { mean: [...q.mean], sd: [...q.sd] }, cost: best };
      if (Math.max(...steps) < 2e-3) return;
    }
  }
}
