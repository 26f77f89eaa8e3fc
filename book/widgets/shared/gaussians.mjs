// A Gaussian encoder beside the truth, for a code of two numbers.
//
// The decoder says N(x; y(z), s²) for every pixel. Of −log p(x|z) the constant (n/2) log(2π s²) is
// left out everywhere, as it is the same for every code and every image: D = ‖x − y(z)‖² / (2 s²).

const LOG_TAU = Math.log(2 * Math.PI);

/**
 * Places ε and weights of a sum for the mean of f(ε), ε ~ N(0, I): an even grid in a circle.
 *
 * A decoder with ReLUs has kinks, which no rule for polynomials is made for.
 */
const NODES = disc(15, 0.33);
const FEWER_NODES = disc(11, 0.46); // for a search, which asks eight times a frame

function disc(radius, step) {
  const nodes = [];
  for (let i = -radius; i <= radius; i++)
    for (let j = -radius; j <= radius; j++)
      if (i * i + j * j <= radius ** 2)
        nodes.push([step * i, step * j, Math.exp((-(step ** 2) * (i * i + j * j)) / 2)]);
  const total = nodes.reduce((sum, [, , weight]) => sum + weight, 0);
  return nodes.map(([a, b, weight]) => [a, b, weight / total]);
}

const FEW = 25; // cells: a posterior that has no more may be narrower than they are

/** The numbers of the masses (their logarithms) that count: of a Gaussian, e⁻⁹ lies below. */
function heaviest(logs) {
  const least = logs.reduce((a, b) => Math.max(a, b)) - 9;
  return Array.from(logs.keys()).filter((n) => logs[n] > least);
}

/** Cells of a grid of some columns, and the eight around each of them that exist. */
function withNeighbours(cells, columns, exists) {
  const found = new Set();
  for (const n of cells)
    for (const down of [-1, 0, 1])
      for (const right of [-1, 0, 1]) {
        const [row, column] = [Math.floor(n / columns) + down, (n % columns) + right];
        const inside = Math.min(row, column) >= 0 && Math.max(row, column) < columns;
        if (inside && exists(row * columns + column)) found.add(row * columns + column);
      }
  return [...found];
}

/** The middles of parts × parts parts of square cells, row by row from the upper left of each. */
function divided(middles, size, parts) {
  const offset = (p) => ((p + 0.5) / parts - 0.5) * size;
  return middles.flatMap(([x, y]) =>
    Array.from({ length: parts ** 2 }, (_, p) => [x + offset(p % parts), y - offset(Math.floor(p / parts))]));
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

/** The same of each run of so many values. */
const logSums = (values, size) =>
  Array.from({ length: values.length / size }, (_, k) => logSum(values.subarray(k * size, (k + 1) * size)));

export class Truth {
  /**
   * Codes on a grid of count × count cells of −reach … reach, decoded once.
   *
   * A posterior that reaches beyond the grid makes the evidence too small, and the gap as well. With
   * a reach of 6, the prior leaves hardly anything out there, even of the posterior of a black garment.
   * Where the posterior is, it is looked at again, twice if it is narrow: each time at about `most`
   * codes, or more where many cells hold it.
   */
  constructor(decoder, variance, { reach = 6, count = 91, most = 450 } = {}) {
    Object.assign(this, { decoder, variance, reach, count, most });
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
   * The fewer cells hold it, the finer each is divided. None of them may be left whole beside
   * others that are divided: the errors of an even grid cancel out over a whole peak only. A peak
   * may be narrower than a cell and lie at its border, unseen from the middles of those around it.
   * So for few cells their neighbours are divided, too, and again what of them holds the peak.
   */
  posterior(x) {
    const { step, count, most } = this;
    const logs = this.logJoint(x, this.codes, this.images).map((value) => value + 2 * Math.log(step));
    const heavy = heaviest(logs);
    const narrow = heavy.length <= FEW;
    const cells = narrow ? withNeighbours(heavy, count, () => true) : heavy;
    const parts = narrow ? 3 : Math.max(2, Math.floor(Math.sqrt((2 * most) / cells.length)));
    const places = divided(cells.map((n) => this.cell(n)), step, parts);
    const masses = this.masses(x, places, step / parts);
    if (narrow) {
      // Numbers of the parts on a grid of 3 · count columns, from the upper left corner.
      const numbers = cells.flatMap((n) => Array.from({ length: 9 }, (_, p) =>
        (3 * Math.floor(n / count) + Math.floor(p / 3)) * 3 * count + 3 * (n % count) + (p % 3)));
      const at = new Map(numbers.map((number, k) => [number, k]));
      const again = withNeighbours(heaviest(masses).map((k) => numbers[k]), 3 * count, (n) => at.has(n))
        .map((number) => at.get(number));
      const finer = Math.max(3, Math.floor(Math.sqrt(most / again.length)));
      const inner = this.masses(x, divided(again.map((k) => places[k]), step / 3, finer), step / 3 / finer);
      logSums(inner, finer ** 2).forEach((sum, i) => (masses[again[i]] = sum));
    }
    logSums(masses, parts ** 2).forEach((sum, k) => (logs[cells[k]] = sum));
    const logEvidence = logSum(logs);
    return { logEvidence, mass: logs.map((value) => Math.exp(value - logEvidence)) };
  }

  /** The logarithms of p(x|z) p(z) · size² at places, [[z₁, z₂], …]. */
  masses(x, places, size) {
    const codes = Float32Array.from(places.flat());
    return this.logJoint(x, codes, this.decoder.apply(codes)).map((value) => value + 2 * Math.log(size));
  }

  /** D and R of a Gaussian q, {mean: [2], sd: [2]}, in nats: an integral, not a sample. */
  account(x, q, nodes = NODES) {
    const codes = Float32Array.from(
      nodes.flatMap(([a, b]) => [q.mean[0] + q.sd[0] * a, q.mean[1] + q.sd[1] * b]),
    );
    const found = this.distortions(x, this.decoder.apply(codes));
    const D = nodes.reduce((sum, [, , weight], n) => sum + weight * found[n], 0);
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
    const cost = (trial) => { const { D, R } = this.account(x, trial, FEWER_NODES); return D + R; };
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
