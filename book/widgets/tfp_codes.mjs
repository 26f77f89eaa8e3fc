// The decoder made of distributions: sixteen numbers give 784 coins, shown as mean, mode and sample.

import { generator, make, paint, replaced, speaker, still, workButton, written } from "./shared/elements.mjs";
import { fetched, readPictures } from "./shared/networks.mjs";
import { OnnxNetwork } from "./shared/onnx.mjs";

const SIDE = 28;
const SIZE = SIDE ** 2;
const LATENTS = 16;
const SHOWN = 12; // random codes in the grid
const JUDGED = 96; // random codes in the task
const REACH = 3; // of the sliders
const FORMS = { mean: "Mean", mode: "Mode", sample: "Sample" };
const PLURALS = { mean: "means", mode: "modes", sample: "samples" };

const percent = (share) => `${written(100 * share)}%`;
const image = (rows, n) => rows.subarray(n * SIZE, (n + 1) * SIZE);

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

let instances = 0;

class Desk {
  constructor(coins, el, seed) {
    Object.assign(this, { coins, el, random: generator(seed), form: "mean", seed: 0, id: instances++ });
    this.build();
    this.watch = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting || this.stop());
    this.watch.observe(el);
  }

  /** Show a first code and a first dozen. */
  async begin() {
    this.set(this.drawn());
    await Promise.all([this.working, this.dozen()]);
  }

  drawn() {
    return Coins.codes(1, this.random.normal);
  }

  build() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    const tile = (label) =>
      make("canvas.codes-picture", { width: SIDE, height: SIDE, role: "img", "aria-label": label });
    const explained = {
      mean: "each pixel’s probability", mode: "bright if above one half", sample: "one toss of every coin",
    };
    this.pictures = { average: tile("Average of the draws") };
    const forms = Object.entries(FORMS).map(([value, text]) => {
      this.pictures[value] = tile(`${text}: ${explained[value]}`);
      const input = make("input", {
        type: "radio", name: `codes-form-${this.id}`, value, checked: value === this.form,
        onchange: () => this.choose(value),
      });
      return make("div", {}, this.pictures[value],
        make("label", {}, input, make("span", {}, ` ${text}`)),
        make("p.codes-note", {}, explained[value]));
    });
    this.count = make("p.codes-note.codes-count");
    this.sliders = this.coins.facts.order.map((place, rank) => this.slider(place, rank));
    this.along = make("input", {
      type: "range", min: 0, max: 1, step: 0.01,
      oninput: () => {
        this.stop();
        this.travel(Number(this.along.value));
      },
    });
    this.tiles = Array.from({ length: SHOWN }, (_, n) => {
      const canvas = make("canvas.codes-picture", { width: SIDE, height: SIDE });
      return make("button.codes-tile", {
        type: "button", "aria-label": `Put code ${n + 1} on the sliders`, onclick: () => this.take(n),
      }, canvas);
    });
    this.gridTitle = make("p.widget-title");
    const { active } = this.coins.facts;
    this.el.replaceChildren(
      make("div.codes", {},
        make("div", {},
          make("div.codes-pictures", { role: "radiogroup", "aria-label": "Form in which codes are shown" },
            ...forms,
            make("div", {}, this.pictures.average, make("p.codes-average", {}, "Average"), this.count)),
          make("div.widget-controls.codes-draws", {},
            button("Toss again", () => this.toss(1)), button("100 tosses more", () => this.toss(100)))),
        make("div", { role: "group", "aria-label": "The code" },
          make("p.widget-title", {}, "A code of sixteen numbers, the strongest first"),
          make("div.codes-sliders", {}, ...this.sliders.map(({ row }) => row)),
          make("div.widget-controls", {},
            button("Random code", () => this.move(this.drawn(), "A random code")),
            button("Zero code", () => this.move(Array(LATENTS).fill(0), "The zero code")),
            button("Walk to another", () => this.walk()),
            make("label.codes-along", {}, "along the walk ", this.along)))),
      make("p.widget-help", {},
        "A bar shows how much the picture changes, on average, when this number alone is drawn anew. ",
        `The chapter counts ${active === LATENTS ? "all sixteen" : active} as active. `,
        "A walk leads to another random code, on the great arc. While a code moves, the coins fall the same way."),
      make("div.codes-dozen", { role: "group", "aria-label": "Twelve random codes" },
        make("div.codes-head", {}, this.gridTitle, workButton("Twelve others", () => this.dozen(true))),
        make("div.codes-grid", {}, ...this.tiles)),
      this.task(),
      spoken,
    );
  }

  slider(place, rank) {
    const { effects } = this.coins.facts;
    const input = make("input", {
      type: "range", min: -REACH, max: REACH, step: 0.01, "aria-label": `z ${place + 1}`,
      oninput: () => this.set(replaced(this.code, place, Number(input.value))),
    });
    const value = make("span.codes-value", { "aria-hidden": "true" });
    const bar = make("i", { "aria-hidden": "true" });
    bar.style.width = `${(100 * effects[rank]) / effects[0]}%`;
    const row = make("label", {},
      make("span.codes-name", {}, "z", make("sub", {}, `${place + 1}`)),
      make("span.codes-track", {}, input, bar), value);
    return { row, input, value, place };
  }

  task() {
    const choices = { mean: "the mean", mode: "the mode", sample: "the sample" };
    this.result = make("div.widget-answer", { role: "status" });
    return make("fieldset.widget-task", {},
      make("legend", {}, "Predict, then try: which of the three has as much speckle as the garments that the model was trained on?"),
      make("p", {}, "We call a pixel lonely if it differs from all its neighbours above, below, left and right. A garment that was binarized by chance has some."),
      make("div.widget-choices", {}, ...Object.entries(choices).map(([value, text]) =>
        make("label", {}, make("input", { type: "radio", name: `codes-guess-${this.id}`, value }), ` ${text}`))),
      workButton("Count the lonely pixels", () => this.answer()),
      this.result);
  }

  /** Another code, by a button or a slider: walks begin here. */
  set(code) {
    this.stop();
    this.ends = [code, this.drawn()];
    this.along.value = 0;
    this.place(code);
  }

  move(code, words) {
    this.set(code);
    this.working.then(() => this.say(`${words}: ${this.described()}`));
  }

  described() {
    const bright = this.bits.mode.reduce((sum, bit) => sum + bit, 0);
    return `${bright} of ${SIZE} pixels are bright in the mode, ${this.bits.sample.reduce((sum, bit) => sum + bit, 0)} in the sample.`;
  }

  /** Show a code as soon as the decoder is free; of many in a row only the last counts. */
  place(code) {
    this.code = code;
    for (const { input, value, place } of this.sliders) {
      input.value = code[place];
      value.textContent = written(code[place]);
      input.setAttribute("aria-valuetext", written(code[place]));
    }
    this.along.setAttribute("aria-valuetext", `${Math.round(100 * this.along.value)}% of the way`);
    this.working ??= this.work().finally(() => (this.working = null));
    return this.working;
  }

  async work() {
    let decoded = null;
    while (decoded !== this.code && !this.over) {
      decoded = this.code;
      this.show(await this.coins.decode(decoded));
    }
  }

  show(pixels) {
    this.pixels = pixels;
    this.draws = 0;
    this.sum = new Float32Array(SIZE);
    this.bits = { mean: pixels, mode: mode(pixels) };
    for (const form of ["mean", "mode"]) paint(this.pictures[form], this.bits[form], SIDE);
    this.tossed(1);
  }

  /** Toss the coins of the code; the average of all tosses comes closer and closer to the mean. */
  tossed(times) {
    for (let n = 0; n < times; n++) {
      this.bits.sample = sample(this.pixels, this.seed + n);
      this.bits.sample.forEach((bit, i) => (this.sum[i] += bit));
    }
    this.draws += times;
    this.seed += times - 1;
    const average = this.sum.map((x) => x / this.draws);
    paint(this.pictures.sample, this.bits.sample, SIDE);
    paint(this.pictures.average, average, SIDE);
    this.away = average.reduce((sum, x, i) => sum + Math.abs(x - this.pixels[i]), 0) / SIZE;
    const tosses = this.draws === 1 ? "1 toss" : `${this.draws} tosses`;
    this.count.textContent = `of ${tosses}, ${written(this.away, 3)} from the mean`;
  }

  toss(times) {
    this.seed++;
    this.tossed(times);
    this.paintDozen();
    this.say(`${this.draws} tosses; their average is ${written(this.away, 3)} from the mean, on average over the pixels.`);
  }

  choose(form) {
    this.form = form;
    this.paintDozen();
  }

  /** Decode twelve random codes. */
  async dozen(aloud) {
    this.codes = Coins.codes(SHOWN, this.random.normal);
    this.twelve = await this.coins.decode(this.codes);
    this.paintDozen();
    if (aloud) this.say("Twelve other random codes are decoded.");
  }

  paintDozen() {
    this.gridTitle.textContent = `Twelve random codes, shown as their ${PLURALS[this.form]}`;
    this.tiles.forEach((tile, n) => {
      const p = image(this.twelve, n);
      const shown = { mean: p, mode: mode(p), sample: sample(p, 1000 * (n + 1) + this.seed) };
      paint(tile.firstChild, shown[this.form], SIDE);
    });
  }

  take(n) {
    this.move(this.codes.slice(n * LATENTS, (n + 1) * LATENTS), `Code ${n + 1}`);
  }

  travel(t) {
    this.along.value = t;
    return this.place(t === 1 ? this.ends[1] : between(...this.ends, t));
  }

  walk() {
    this.set(this.code);
    const steps = still() ? 5 : 90;
    let step = 0;
    const next = async () => {
      const walk = this.timer;
      await this.travel(step / steps);
      if (walk !== this.timer || document.hidden) return; // stopped, or another walk, or not seen
      if (step++ < steps) this.timer = setTimeout(next, still() ? 700 : 16);
      else this.say(`The walk has ended: ${this.described()}`);
    };
    this.timer = setTimeout(next);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  /** Count lonely pixels; bits of real garments are the control. */
  async answer() {
    const found = await this.coins.speckle(JUDGED, 7);
    const off = (form) => Math.abs(found[form] - found.garment);
    const nearest = off("sample") < off("mode") ? "sample" : "mode";
    const guess = this.el.querySelector(`input[name=codes-guess-${this.id}]:checked`)?.value;
    const verdict = guess === undefined ? "" : guess === nearest ? "Right. " : "Not quite. ";
    const names = {
      garment: "training bits of real garments (control)", sample: `samples of ${JUDGED} random codes`, mode: "modes of the same codes",
    };
    const longest = Math.max(...Object.values(found));
    const rows = Object.entries(names).map(([key, text]) => {
      const bar = make("i");
      bar.style.width = `${(100 * found[key]) / longest}%`;
      return make("tr", {}, make("th", { scope: "row" }, text), make("td", {}, percent(found[key])),
        make("td.desk-bar", { "aria-hidden": "true" }, bar));
    });
    const more = found.sample > found.garment;
    this.result.replaceChildren(
      make("p", {}, make("strong", {}, verdict),
        nearest === "sample" ? "The sample comes nearest" : "The mode comes nearest",
        more
          ? ", with somewhat more speckle than the garments: where the decoder is unsure, it tosses neighbouring pixels one by one."
          : ", with no more speckle than the garments. ",
        " The mode hides the chance that is in the data. The mean is grey: its pixels are no bits, so none can be lonely."),
      make("table.desk-table", {}, make("caption", {}, "lonely pixels, of all pixels"), make("tbody", {}, ...rows)),
    );
  }

  end() {
    this.over = true;
    this.stop();
    this.watch.disconnect();
    return this.coins.network.release();
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const coins = await Coins.read(model.get("files"), model.get("progress"));
    const desk = new Desk(coins, el, model.get("state")?.seed ?? Date.now());
    await desk.begin();
    el.widget = desk; // for tests
    return () => desk.end();
  },
};
