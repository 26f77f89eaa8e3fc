// The decoder made of distributions: codes of 16 numbers to 784 coins, and what can be said of them.

import { generator } from "./elements.mjs";
import { fetched, readPictures } from "./networks.mjs";
import { OnnxNetwork } from "./onnx.mjs";

export const SIDE = 28;
export const SIZE = SIDE ** 2;
export const LATENTS = 16;

/** One picture of many in a list. */
export const image = (rows, n) => rows.subarray(n * SIZE, (n + 1) * SIZE);

/** The most probable bits: a pixel is bright where its probability exceeds one half. */
export const mode = (p) => p.map((x) => Number(x > 0.5));

/** Toss one coin for every pixel, bright where uniform < p, as the chapter binarizes its images. */
export function sample(p, seed) {
  const { uniform } = generator(seed);
  return p.map((x) => Number(uniform() < x));
}

/** The share of the pixels of one image that differ from all their neighbours (four, or fewer). */
export function lonely(bits) {
  let count = 0;
  for (let i = 0; i < SIZE; i++) {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    count +=
      (x === 0 || bits[i] !== bits[i - 1]) && (x === SIDE - 1 || bits[i] !== bits[i + 1]) &&
      (y === 0 || bits[i] !== bits[i - SIDE]) && (y === SIDE - 1 || bits[i] !== bits[i + SIDE]);
  }
  return count / SIZE;
}

/** A fraction t of the way from code a to code b on the great arc; straight where there is none. */
export function between(a, b, t) {
  const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
  const arc = Math.sin(angle) > 1e-3; // false for NaN, too: the zero code has no direction
  const [u, v] = arc ? [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((x) => x / Math.sin(angle)) : [1 - t, t];
  return a.map((x, i) => u * x + v * b[i]);
}

/** What the widget computes, without anything that is seen. */
export class Coins {
  constructor(network, garments, facts) {
    Object.assign(this, { network, garments, facts });
  }

  static async read(files, progress) {
    const facts = await fetched(files, "tfp_codes_facts.json", "json");
    let sum = 0;
    const arrived = (bytes) => progress?.(Math.min(1, (sum += bytes) / facts.bytes));
    const [network, garments] = await Promise.all([
      OnnxNetwork.read(files, "tfp_vae.onnx", facts.sha256, arrived),
      readPictures(files, "binarized_garments.png", SIDE),
    ]);
    return new Coins(network, garments, facts);
  }

  /** The probability that each pixel is bright, for codes in one list: (n · 16) to (n · 784). */
  async decode(codes) {
    const logits = await this.network.apply(Float32Array.from(codes), LATENTS);
    return logits.map((x) => 1 / (1 + Math.exp(-x)));
  }

  /** Draw codes from the prior, n · 16 numbers. */
  static codes(count, normal) {
    return Array.from({ length: count * LATENTS }, normal);
  }

  /** The average share of lonely pixels in real garments, and in samples and modes of random codes. */
  async speckle(count, seed) {
    const { normal } = generator(seed);
    const sums = { garment: 0, sample: 0, mode: 0 };
    const real = this.garments.length / SIZE;
    for (let n = 0; n < real; n++) sums.garment += lonely(image(this.garments, n)) / real;
    const batch = 8; // so that the page answers in between
    for (let from = 0; from < count; from += batch) {
      const pixels = await this.decode(Coins.codes(batch, normal));
      for (let n = 0; n < batch; n++) {
        sums.sample += lonely(sample(image(pixels, n), seed + from + n)) / count;
        sums.mode += lonely(mode(image(pixels, n))) / count;
      }
      await new Promise((resolve) => setTimeout(resolve));
    }
    return sums;
  }
}
