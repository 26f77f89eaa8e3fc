// A training on another thread, and the same on this one where no worker can start.
//
// The page asks and waits for each answer, so a training never runs ahead of what is shown, and it
// stands still as soon as nobody asks.

import { CODE, Trainer } from "./training.mjs";

export const TILES = 15; // of the decoded sheet, in both directions
const LADDER = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80, 100, 150, 200, 300, 500, 1000];
const SLICE = 12; // milliseconds of work between two looks at what else there is to do
const PATIENCE = 4000; // milliseconds until a worker that says nothing is given up

/** Let other messages and the page have their turn; faster than a timer. */
const breath = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** The next of a few round numbers; beyond them, the number itself. */
const atLeast = (need) => LADDER.find((reach) => reach >= need) ?? need;

/** How far the map around a prior has to reach for all codes, with a margin for their markers. */
export const reachOf = (codes) => atLeast(1.03 * codes.reduce((most, z) => Math.max(most, Math.abs(z)), 0));

/**
 * The map of a plain autoencoder, {x, y, reach}: around its codes, which may lie anywhere. The one
 * before stays as long as all codes are on it and fill it well, so that it stands still.
 */
export function windowOf(codes, before) {
  const sides = [0, 1].map((k) => {
    const sorted = codes.filter((_, i) => i % CODE === k).sort();
    return [sorted[0], sorted.at(-1)];
  });
  const reach = atLeast(1.15 * Math.max(...sides.map(([low, high]) => (high - low) / 2)));
  const fits = (k, middle) =>
    sides[k][0] >= middle - before.reach && sides[k][1] <= middle + before.reach;
  if (before && fits(0, before.x) && fits(1, before.y) && reach > before.reach / 2) return before;
  const [x, y] = sides.map(([low, high]) => (Math.round((low + high) / 2 / (reach / 5)) * reach) / 5);
  return { x, y, reach };
}

/** The codes of an even grid of the map, row by row from the upper left: (15 · 15 · 2). */
export function gridOf({ x, y, reach }) {
  const middle = (i) => reach * ((2 * i + 1) / TILES - 1);
  return Float64Array.from({ length: CODE * TILES ** 2 }, (_, i) => {
    const [column, row] = [(i >> 1) % TILES, Math.floor((i >> 1) / TILES)];
    return i & 1 ? y - middle(row) : x + middle(column);
  });
}

/**
 * What lies where on that grid, for codes (n · 2) and the bulk of their distribution, an ellipse of
 * two standard deviations {mean, sd}: for each tile whether a code is on it, and whether it is of
 * the bulk. A tile of the bulk without a code is a hole.
 */
export function tilesOf(codes, window, { mean, sd }) {
  const { x, y, reach } = window;
  const taken = new Uint8Array(TILES ** 2);
  const index = (offset) => Math.floor((TILES * (1 + offset / reach)) / 2);
  for (let n = 0; n < codes.length; n += CODE) {
    const [column, row] = [index(codes[n] - x), index(y - codes[n + 1])];
    if (Math.min(column, row) >= 0 && Math.max(column, row) < TILES) taken[row * TILES + column] = 1;
  }
  const grid = gridOf(window);
  const bulk = Uint8Array.from(taken, (_, i) =>
    Math.hypot((grid[2 * i] - mean[0]) / sd[0], (grid[2 * i + 1] - mean[1]) / sd[1]) <= 2);
  return { taken, bulk };
}

/** Mean and standard deviation of each latent over codes (n · 2). */
export function momentsOf(codes) {
  const count = codes.length / CODE;
  const [mean, sd] = [[0, 0], [0, 0]];
  codes.forEach((z, i) => (mean[i % CODE] += z / count));
  codes.forEach((z, i) => (sd[i % CODE] += (z - mean[i % CODE]) ** 2 / count));
  return { mean, sd: sd.map(Math.sqrt) };
}

/** Latents in use: those whose mean varies by more than 0.01 over the images. */
export const active = (codes) => momentsOf(codes).sd.filter((sd) => sd ** 2 > 0.01).length;

/** Answer what a page asks through a port. */
export function serve(port) {
  const images = {};
  const trainers = new Map();
  const windows = new WeakMap(); // of the map, for each training; that of a VAE never shrinks

  /** What the page shows after some steps: means of D and R over them, and a test. */
  function report(trainer, means) {
    const { step, epoch, variational } = trainer;
    const { D, R, codes, drawn } = trainer.test(images.test);
    const test = variational ? { D, R } : { D };
    const window = variational
      ? { x: 0, y: 0, reach: Math.max(windows.get(trainer)?.reach ?? 0, reachOf(codes)) } // around its prior
      : windowOf(codes, windows.get(trainer));
    windows.set(trainer, window);
    const sheet = Uint8ClampedArray.from(trainer.decode(gridOf(window)), (y) => 255 * y);
    const bulk = variational ? { mean: [0, 0], sd: [1, 1] } : momentsOf(codes);
    const tiles = { ...tilesOf(drawn, window, bulk), ...bulk };
    return { step, epoch, means, test, codes, active: active(codes), window, sheet, tiles };
  }

  async function steps({ slot, count }) {
    const trainer = trainers.get(slot);
    const means = { D: 0, R: 0 };
    let began = performance.now();
    for (let n = 0; n < count; n++) {
      const { D, R } = trainer.train();
      means.D += D / count;
      means.R += R / count;
      if (performance.now() - began < SLICE) continue;
      await breath();
      if (trainers.get(slot) !== trainer) return null; // another training has taken its place
      began = performance.now();
    }
    return report(trainer, means);
  }

  const answers = {
    images({ train, test }) {
      const grey = (bytes) => Float64Array.from(bytes, (value) => value / 255);
      Object.assign(images, { train: grey(train), test: grey(test) });
    },
    create({ slot, settings }) {
      trainers.set(slot, new Trainer(images.train, settings));
      return report(trainers.get(slot), null);
    },
    beta: ({ slot, beta }) => void (trainers.get(slot).beta = beta),
    steps,
    networks: ({ slot }) => trainers.get(slot).networks(),
  };
  port.onmessage = async ({ data: { id, kind, ...asked } }) =>
    port.postMessage({ id, answer: await answers[kind](asked) });
  port.postMessage({ id: 0, answer: null });
}

/** The page's end: `await engine.ask("steps", { slot, count })`. */
export class Engine {
  /** @param {{train: Uint8Array, test: Uint8Array}} images  (n · 196) grey values, 0 … 255 */
  static async start(images, here = import.meta.url) {
    const engine = new Engine();
    await engine.connect(here).catch(() => engine.local());
    await engine.ask("images", images);
    return engine;
  }

  constructor() {
    Object.assign(this, { waiting: new Map(), count: 0, worker: null });
  }

  /**
   * Start a worker from a few words that import this module by its own address. Unlike
   * `new Worker(address)` this also works where the module itself came as a blob, as in notebooks.
   */
  connect(here) {
    return new Promise((resolve, reject) => {
      const words = `import { serve } from ${JSON.stringify(here)}; serve(self);`;
      const address = URL.createObjectURL(new Blob([words], { type: "text/javascript" }));
      const late = setTimeout(reject, PATIENCE);
      const end = (settle) => {
        clearTimeout(late);
        URL.revokeObjectURL(address);
        settle();
      };
      this.waiting.set(0, () => end(resolve));
      try {
        this.worker = new Worker(address, { type: "module" });
      } catch {
        return end(reject);
      }
      this.worker.onerror = () => end(reject);
      this.listen(this.worker);
    });
  }

  /** Train on this thread, in slices. */
  local() {
    this.worker?.terminate();
    this.worker = null;
    const { port1, port2 } = new MessageChannel();
    serve(port2);
    this.listen(port1);
  }

  listen(port) {
    this.port = port;
    port.onmessage = ({ data: { id, answer } }) => {
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    };
  }

  ask(kind, asked) {
    const id = ++this.count;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.port.postMessage({ id, kind, ...asked });
    });
  }

  stop() {
    if (this.worker) this.worker.terminate();
    else this.port.close();
  }
}
