// Read the files that `latents.weights` writes, and apply their networks to codes and images.
//
// Every function takes and gives rows in one flat Float32Array, as Keras stores them.

const EXPONENTS = Float64Array.from({ length: 31 }, (_, e) => 2 ** (e - 15));

/** The number that 16 bits of half precision stand for. */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * EXPONENTS[exponent] : fraction * 2 ** -24);
}

/** Fetch a file of the site; an Error says which one did not come. */
export async function fetched(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) throw new Error(`${new URL(url).pathname.split("/").pop()} did not arrive`);
  return answer;
}

/** Read `NAME.json` and `NAME.bin` at an address without ending: parts by name. */
export async function readParts(address) {
  const [layout, bytes] = await Promise.all([
    fetched(`${address}.json`).then((answer) => answer.json()),
    fetched(`${address}.bin`).then((answer) => answer.arrayBuffer()),
  ]);
  if (bytes.byteLength !== layout.bytes) throw new Error(`${layout.bin} is not complete`);
  const halves = new Uint16Array(bytes); // little-endian, as the file and every browser
  const array = ({ shape, offset }) => {
    const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < numbers.length; i++) numbers[i] = half(halves[offset / 2 + i]);
    return numbers;
  };
  const part = (p) =>
    p.layers
      ? new Network(p.layers.map((l) => [array(l.kernel), array(l.bias), l.activation]))
      : array(p);
  return Object.fromEntries(Object.entries(layout.parts).map(([name, p]) => [name, part(p)]));
}

const ACTIVATIONS = {
  linear: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/** Dense layers, each `activation(x @ kernel + bias)`, with kernels stored row by row. */
export class Network {
  constructor(layers) {
    this.layers = layers;
    this.inputs = layers[0][0].length / layers[0][1].length;
    this.outputs = layers.at(-1)[1].length;
  }

  /** Apply the network to rows: (n · inputs) numbers to (n · outputs). */
  apply(rows) {
    let inputs = this.inputs;
    for (const [kernel, bias, name] of this.layers) {
      const outputs = bias.length;
      const activation = ACTIVATIONS[name];
      const count = rows.length / inputs;
      const next = new Float32Array(count * outputs);
      for (let n = 0; n < count; n++) {
        const row = next.subarray(n * outputs, (n + 1) * outputs);
        row.set(bias);
        for (let i = 0; i < inputs; i++) {
          const x = rows[n * inputs + i];
          if (x === 0) continue; // half of what leaves a ReLU
          const start = i * outputs;
          for (let j = 0; j < outputs; j++) row[j] += x * kernel[start + j];
        }
        for (let j = 0; j < outputs; j++) row[j] = activation(row[j]);
      }
      rows = next;
      inputs = outputs;
    }
    return rows;
  }
}

/** Fetch a sheet of small grey pictures, one below the other: (n · side²) numbers in [0, 1]. */
export async function readPictures(address, side) {
  const blob = await fetched(address).then((answer) => answer.blob());
  const sheet = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(sheet.width, sheet.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(sheet, 0, 0);
  const { data } = context.getImageData(0, 0, sheet.width, sheet.height);
  if (sheet.width !== side) throw new Error(`${address} has pictures of another size`);
  const pixels = new Float32Array(data.length / 4);
  for (let i = 0; i < pixels.length; i++) pixels[i] = data[4 * i] / 255;
  return pixels;
}

/** Average 2 × 2 pixels: (n · (2 side)²) numbers to (n · side²). */
export function halfSize(rows, side) {
  const wide = 2 * side;
  const count = rows.length / wide ** 2;
  const small = new Float32Array(count * side ** 2);
  for (let n = 0; n < count; n++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const at = n * wide ** 2 + 2 * y * wide + 2 * x;
        const sum = rows[at] + rows[at + 1] + rows[at + wide] + rows[at + wide + 1];
        small[(n * side + y) * side + x] = sum / 4;
      }
  return small;
}

/** The nearest of many rows: its place, and the squared distance to it per number of a row. */
export function nearest(row, rows) {
  let [place, least] = [-1, Infinity];
  for (let start = 0; start < rows.length; start += row.length) {
    let sum = 0;
    for (let i = 0; i < row.length && sum < least; i++) sum += (row[i] - rows[start + i]) ** 2;
    if (sum < least) [place, least] = [start / row.length, sum];
  }
  return [place, least / row.length];
}
