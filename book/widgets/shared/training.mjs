// Train a small autoencoder or VAE by hand: forward, backward, Adam. No DOM, so a worker can run it.
//
// x (196) → hidden, ReLU → mean, log-variance (2 + 2) → z = mean + σ ε → hidden, ReLU → 196, sigmoid.
// Minimized is the mean over a batch of D + β R, in nats per image:
//   D = Σ over the pixels of the binary cross-entropy of x and y   (as in the chapter on the VAE),
//   R = KL(N(mean, σ²) ‖ N(0, I)) = ½ Σ (mean² + σ² − 1 − log σ²).
// The plain autoencoder has no log-variance and no noise: z is the mean, and R is not charged.
// All arrays are flat, row by row, in double precision.

import { generator } from "./elements.mjs";

export const SIDE = 14;
export const PIXELS = SIDE ** 2;
export const CODE = 2;
export const TRAINED = 2000; // garments
export const BATCH = 32;
export const AN_EPOCH = Math.ceil(TRAINED / BATCH); // steps
const ADAM = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }; // Keras' defaults
const TESTED = 4242; // seed of the noise in tests, the same at every step and for every model

// The rows that a sum needs: their factors, and where they begin.
const factors = new Float64Array(1024);
const starts = new Uint32Array(1024);

/**
 * Note the factors x[from + k · stride] that are not zero, for rows of a width one after another;
 * return how many. Black pixels and what a ReLU has cut off cost nothing.
 */
function choose(x, from, stride, count, width) {
  let chosen = 0;
  for (let k = 0; k < count; k++) {
    const factor = x[from + k * stride];
    if (factor === 0) continue;
    factors[chosen] = factor;
    starts[chosen++] = k * width;
  }
  return chosen;
}

/** out[to …] += the sum of the chosen rows of a source; four at a time, which is twice as fast. */
function addRows(out, to, width, source, chosen) {
  let k = 0;
  for (; k + 3 < chosen; k += 4) {
    const [a, b, c, d] = [factors[k], factors[k + 1], factors[k + 2], factors[k + 3]];
    const [p, q, r, s] = [starts[k], starts[k + 1], starts[k + 2], starts[k + 3]];
    for (let j = 0; j < width; j++)
      out[to + j] += a * source[p + j] + b * source[q + j] + c * source[r + j] + d * source[s + j];
  }
  for (; k < chosen; k++) {
    const [a, p] = [factors[k], starts[k]];
    for (let j = 0; j < width; j++) out[to + j] += a * source[p + j];
  }
}

/** out = x @ W + b: (rows, inputs) to (rows, outputs). */
function affine(x, rows, { W, b }, out) {
  const [outputs, inputs] = [b.length, W.length / b.length];
  for (let n = 0; n < rows; n++) {
    out.set(b, n * outputs);
    addRows(out, n * outputs, outputs, W, choose(x, n * inputs, 1, inputs, outputs));
  }
}

/** Gradients of the weights of out = x @ W + b, for a gradient of `out`. */
function weightGradients(x, rows, gradient, { W, b }) {
  const [outputs, inputs] = [b.length, W.length / b.length];
  W.fill(0);
  b.fill(0);
  for (let i = 0; i < rows * outputs; i++) b[i % outputs] += gradient[i];
  for (let i = 0; i < inputs; i++)
    addRows(W, i * outputs, outputs, gradient, choose(x, i, inputs, rows, outputs));
}

/** Gradient of the input of out = x @ W + b, two inputs at a time: all layers have an even number. */
function inputGradient(rows, gradient, { W, b }, out) {
  const [outputs, inputs] = [b.length, W.length / b.length];
  for (let n = 0; n < rows; n++) {
    const from = n * outputs;
    for (let i = 0; i < inputs; i += 2) {
      const [p, q] = [i * outputs, (i + 1) * outputs];
      let [first, second] = [0, 0];
      for (let j = 0; j < outputs; j++) {
        const value = gradient[from + j];
        first += W[p + j] * value;
        second += W[q + j] * value;
      }
      out[n * inputs + i] = first;
      out[n * inputs + i + 1] = second;
    }
  }
}

function relu(h) {
  for (let i = 0; i < h.length; i++) if (h[i] < 0) h[i] = 0;
}

/** Let a gradient pass a ReLU only where something has passed forwards. */
function throughRelu(gradient, h) {
  for (let i = 0; i < h.length; i++) if (h[i] === 0) gradient[i] = 0;
}

/** Views of the layers in one flat list of numbers, so that Adam needs a single loop. */
function layersOf(flat, shapes) {
  let at = 0;
  return shapes.map(([inputs, outputs]) => {
    const W = flat.subarray(at, (at += inputs * outputs));
    const b = flat.subarray(at, (at += outputs));
    return { W, b };
  });
}

/** Adam as Keras has it: the corrections of both moments are in the step, ε is outside of them. */
export function adam(weights, gradient, moments, step) {
  const { rate, beta1, beta2, epsilon } = ADAM;
  const [first, second] = moments;
  const size = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i];
    first[i] += (g - first[i]) * (1 - beta1);
    second[i] += (g * g - second[i]) * (1 - beta2);
    weights[i] -= (size * first[i]) / (Math.sqrt(second[i]) + epsilon);
  }
}

export class Trainer {
  /**
   * @param {Float64Array} images  (n · 196) brightnesses in [0, 1] to train on
   * @param {object} settings
   * @param {boolean} settings.variational  a VAE; else a plain autoencoder
   * @param {number} settings.hidden  units of each hidden layer
   * @param {number} settings.beta
   * @param {number} settings.seed  of weights, order and noise
   */
  constructor(images, { variational, hidden, beta, seed }) {
    Object.assign(this, { images, variational, hidden, beta, step: 0, epoch: 0, at: 0 });
    this.heads = variational ? 2 * CODE : CODE;
    this.shapes = [[PIXELS, hidden], [hidden, this.heads], [CODE, hidden], [hidden, PIXELS]];
    const count = this.shapes.reduce((sum, [inputs, outputs]) => sum + (inputs + 1) * outputs, 0);
    const numbers = () => new Float64Array(count);
    Object.assign(this, { weights: numbers(), gradient: numbers(), moments: [numbers(), numbers()] });
    this.layers = layersOf(this.weights, this.shapes);
    this.gradients = layersOf(this.gradient, this.shapes);
    const [initial, order, noise] = [seed, seed ^ 0x9e3779b9, seed ^ 0x85ebca6b].map(generator);
    Object.assign(this, { random: order, noise });
    this.shapes.forEach((shape, n) => this.glorot(this.layers[n].W, shape, initial));
    this.order = Uint32Array.from({ length: images.length / PIXELS }, (_, i) => i);
    this.room = this.space(BATCH);
    this.shuffle();
  }

  /** Glorot's uniform distribution; what makes mean and log-variance are two layers to Keras. */
  glorot(W, [inputs, outputs], { uniform }) {
    const single = outputs === this.heads ? CODE : outputs;
    const limit = Math.sqrt(6 / (inputs + single));
    for (let i = 0; i < W.length; i++) W[i] = limit * (2 * uniform() - 1);
  }

  /** Room for the numbers of some rows and for their gradients. */
  space(rows) {
    const widths = { x: PIXELS, h: this.hidden, q: this.heads, z: CODE, g: this.hidden, y: PIXELS };
    const room = {};
    for (const [name, width] of Object.entries(widths)) {
      room[name] = new Float64Array(rows * width);
      room[`d${name}`] = new Float64Array(rows * width);
    }
    return room;
  }

  shuffle() {
    const { order } = this;
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor((i + 1) * this.random.uniform());
      [order[i], order[j]] = [order[j], order[i]];
    }
  }

  /** Compute codes, pictures, and D and R as means over the rows; eps: (rows · 2) normal draws. */
  forward(room, rows, eps) {
    const [toHidden, toCode] = this.layers;
    const { x, h, q, z, g, y } = room;
    affine(x, rows, toHidden, h);
    relu(h);
    affine(h, rows, toCode, q);
    let [D, R] = [0, 0];
    for (let n = 0; n < rows; n++)
      for (let k = 0; k < CODE; k++) {
        const mean = q[n * this.heads + k];
        z[n * CODE + k] = mean;
        if (!this.variational) continue;
        const logVar = q[n * this.heads + CODE + k];
        z[n * CODE + k] += Math.exp(logVar / 2) * eps[n * CODE + k];
        R += (mean * mean + Math.exp(logVar) - 1 - logVar) / 2;
      }
    this.decodeInto(z, rows, g, y);
    for (let i = 0; i < rows * PIXELS; i++) {
      const [logit, size] = [y[i], Math.exp(-Math.abs(y[i]))];
      D += Math.max(logit, 0) - x[i] * logit + Math.log1p(size);
      y[i] = logit >= 0 ? 1 / (1 + size) : size / (1 + size);
    }
    return { D: D / rows, R: R / rows };
  }

  /** Codes (rows · 2) to logits (rows · 196), by way of the hidden layer. */
  decodeInto(z, rows, g, logits) {
    const [, , fromCode, toImage] = this.layers;
    affine(z, rows, fromCode, g);
    relu(g);
    affine(g, rows, toImage, logits);
  }

  /** Gradients of D + β R after `forward`, into `this.gradient`. */
  backward(room, rows, eps) {
    const [, toCode, fromCode, toImage] = this.layers;
    const [ofHidden, ofCode, ofDecoder, ofImage] = this.gradients;
    const { x, h, q, z, g, y, dh, dq, dz, dg, dy } = room;
    for (let i = 0; i < rows * PIXELS; i++) dy[i] = (y[i] - x[i]) / rows;
    weightGradients(g, rows, dy, ofImage);
    inputGradient(rows, dy, toImage, dg);
    throughRelu(dg, g);
    weightGradients(z, rows, dg, ofDecoder);
    inputGradient(rows, dg, fromCode, dz);
    const price = this.beta / rows;
    for (let n = 0; n < rows; n++)
      for (let k = 0; k < CODE; k++) {
        const [mean, at] = [n * this.heads + k, n * CODE + k];
        dq[mean] = dz[at];
        if (!this.variational) continue;
        const logVar = q[mean + CODE];
        dq[mean] += price * q[mean];
        dq[mean + CODE] = (dz[at] * eps[at] * Math.exp(logVar / 2) + price * (Math.exp(logVar) - 1)) / 2;
      }
    weightGradients(h, rows, dq, ofCode);
    inputGradient(rows, dq, toCode, dh);
    throughRelu(dh, h);
    weightGradients(x, rows, dh, ofHidden);
  }

  /** One step on the next batch; returns its D and R before the step. */
  train() {
    const count = this.order.length;
    const rows = Math.min(BATCH, count - this.at);
    if (rows !== this.rows) [this.rows, this.room] = [rows, this.space(rows)];
    for (let n = 0; n < rows; n++) {
      const from = this.order[this.at + n] * PIXELS;
      this.room.x.set(this.images.subarray(from, from + PIXELS), n * PIXELS);
    }
    const eps = Float64Array.from({ length: rows * CODE }, this.noise.normal);
    const found = this.forward(this.room, rows, eps);
    this.backward(this.room, rows, eps);
    this.step += 1;
    adam(this.weights, this.gradient, this.moments, this.step);
    this.at += rows;
    if (this.at === count) {
      this.at = 0;
      this.epoch += 1;
      this.shuffle();
    }
    return found;
  }

  /** D and R of other images, with one draw for each; these draws, and the means: (n · 2) each. */
  test(images) {
    const rows = images.length / PIXELS;
    if (this.tested?.x.length !== images.length) {
      this.tested = this.space(rows);
      this.tested.x.set(images);
      this.fixed = Float64Array.from({ length: rows * CODE }, generator(TESTED).normal);
    }
    const { D, R } = this.forward(this.tested, rows, this.fixed);
    const { q, z } = this.tested;
    const meanOf = (_, i) => q[Math.floor(i / CODE) * this.heads + (i % CODE)];
    return { D, R, codes: Float32Array.from({ length: rows * CODE }, meanOf), drawn: z };
  }

  /** Decode codes (n · 2) to brightnesses (n · 196). */
  decode(codes) {
    const rows = codes.length / CODE;
    const images = new Float64Array(rows * PIXELS);
    this.decodeInto(codes, rows, new Float64Array(rows * this.hidden), images);
    return images.map((logit) => 1 / (1 + Math.exp(-logit)));
  }

  /** Copies of the layers of both networks, each {W, b, activation}. */
  networks() {
    const [a, b, c, d] = this.layers.map(({ W, b }) => ({ W: W.slice(), b: b.slice() }));
    return {
      encoder: [{ ...a, activation: "relu" }, { ...b, activation: "linear" }],
      decoder: [{ ...c, activation: "relu" }, { ...d, activation: "sigmoid" }],
    };
  }
}
