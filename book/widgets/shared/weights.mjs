// Write networks as `latents.weights` does, so that `latents.weights.read` can read them.

import { Network } from "./networks.mjs";

const single = new Float32Array(1);
const bitsOf = new Uint32Array(single.buffer);

/** The 16 bits of half precision that are nearest to a number; halves go to the even neighbour. */
export function halfBits(x) {
  const size = Math.abs(x);
  if (!(size < 65520)) throw new RangeError(`${x} does not fit into half precision`);
  single[0] = size;
  const exponent = Math.max((bitsOf[0] >>> 23) - 127, -14);
  const fraction = size * 2 ** (10 - exponent) - (exponent === -14 && size < 2 ** -14 ? 0 : 1024);
  const below = Math.floor(fraction);
  const over = fraction - below;
  const up = over > 0.5 || (over === 0.5 && below % 2 !== 0);
  const base = exponent === -14 && size < 2 ** -14 ? 0 : (exponent + 15) << 10;
  return (x < 0 || Object.is(x, -0) ? 0x8000 : 0) | (base + below + up);
}

/**
 * Return the bytes of `NAME.bin` and the text of `NAME.json`.
 *
 * @param {Record<string, {W: ArrayLike<number>, b: ArrayLike<number>, activation: string}[]>} parts
 *   dense layers, with kernels row by row
 * @param {Record<string, number[]>} outputs  how many numbers each output of a part has
 */
export async function pack(name, parts, outputs) {
  const halves = [];
  const store = (numbers, shape) => {
    const offset = 2 * halves.length;
    for (const x of numbers) halves.push(halfBits(x));
    return { shape, offset };
  };
  const layouts = {};
  for (const [part, layers] of Object.entries(parts)) {
    const stored = layers.map(({ W, b, activation }) => ({
      kernel: store(W, [W.length / b.length, b.length]), bias: store(b, [b.length]), activation,
    }));
    const network = new Network(layers.map(({ W, b, activation }) => [W, b, activation]));
    const x = new Float32Array(network.inputs).fill(0.5);
    const example = { input: store(x, [1, x.length]), output: store(network.apply(x), [1, network.outputs]) };
    layouts[part] = { inputs: network.inputs, outputs: outputs[part], layers: stored, example };
  }
  const bytes = Uint16Array.from(halves); // little-endian, as every browser
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const layout = { bin: `${name}.bin`, bytes: bytes.byteLength, sha256, dtype: "float16", parts: layouts };
  return { bin: bytes, json: `${JSON.stringify(layout)}\n` };
}
