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

/** A file did not come, or is not what it should be; the message is for readers. */
export class FileError extends Error {}

/**
 * Fetch a file, and read it as "json", "text", "arrayBuffer" or "blob".
 *
 * `files` is the address that all names follow, or, in a notebook, an object of an address for each.
 * `arrived`, if given, is told of every piece that arrives, in bytes.
 */
export async function fetched(files, name, kind, arrived) {
  const address = typeof files === "string" ? `${files}${name}` : files[name];
  const answer = address ? await fetch(address).catch(() => null) : null;
  if (!answer?.ok) throw new FileError(`${name} did not arrive`);
  return (arrived ? counted(answer, arrived) : answer)[kind]().catch(() => {
    throw new FileError(`${name} is damaged`);
  });
}

/** The same answer; `arrived` is told of every piece as it is read, in bytes. */
function counted(answer, arrived) {
  const transform = (piece, out) => {
    arrived(piece.length);
    out.enqueue(piece);
  };
  return new Response(answer.body.pipeThrough(new TransformStream({ transform })));
}

/** Whether bytes have a SHA-256; unknown (true) where the browser does not calculate it. */
export async function agrees(bytes, sha256) {
  if (!globalThis.crypto?.subtle) return true; // pages without encryption
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** Read what `NAME.json` and `NAME.bin` hold, parts by name, and the facts in `NAME_facts.json`. */
export async function readTrained(files, name) {
  return Promise.all([readParts(files, name), fetched(files, `${name}_facts.json`, "json")]);
}

/** Read `NAME.json` and `NAME.bin`: parts by name. */
export async function readParts(files, name) {
  const [layout, bytes] = await Promise.all([
    fetched(files, `${name}.json`, "json"),
    fetched(files, `${name}.bin`, "arrayBuffer"),
  ]);
  const whole = bytes.byteLength === layout.bytes && (await agrees(bytes, layout.sha256));
  if (!whole) throw new FileError("the file of the networks is damaged");
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

/** Fetch a sheet of small grey pictures, row by row: (n · side²) numbers in [0, 1]. */
export async function readPictures(files, name, side) {
  const blob = await fetched(files, name, "blob");
  const sheet = await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => null);
  if (!sheet || sheet.width % side || sheet.height % side)
    throw new FileError("the file of the pictures is damaged");
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: sheet.width, height: sheet.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(sheet, 0, 0);
  const pixels = new Float32Array(sheet.width * sheet.height);
  let at = 0;
  for (let top = 0; top < sheet.height; top += side)
    for (let left = 0; left < sheet.width; left += side) {
      const { data } = context.getImageData(left, top, side, side);
      for (let i = 0; i < data.length; i += 4) pixels[at++] = data[i] / 255;
    }
  return pixels;
}

/** The nearest of many points of the plane, one after the other in a flat list, and its distance. */
export function nearest([x, y], points) {
  let [place, least] = [-1, Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const square = (x - points[i]) ** 2 + (y - points[i + 1]) ** 2;
    if (square < least) [place, least] = [i / 2, square];
  }
  return [place, Math.sqrt(least)];
}

/** Pictures of one size, one after the other, of which the most alike to another one is sought. */
export class Gallery {
  constructor(pixels, size) {
    Object.assign(this, { pixels, size });
    const count = pixels.length / size;
    this.lengths = Float32Array.from({ length: count }, (_, n) => Math.hypot(...this.picture(n)));
  }

  /** The brightnesses of a picture: (size,). */
  picture(number) {
    return this.pixels.subarray(number * this.size, (number + 1) * this.size);
  }

  /** The number of the picture with the largest cosine to some pixels, and the cosine. */
  mostAlike(pixels) {
    const { size, lengths } = this;
    let [number, most] = [-1, -Infinity];
    for (let n = 0; n < lengths.length; n++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += pixels[i] * this.pixels[n * size + i];
      if (sum / lengths[n] > most) [number, most] = [n, sum / lengths[n]];
    }
    return [number, most / Math.hypot(...pixels)];
  }
}
