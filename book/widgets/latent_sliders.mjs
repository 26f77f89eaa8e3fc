// A slider for every latent of a VAE, strongest first, between what its two ends would make.

import { generator, make, paint, speaker, written } from "./shared/elements.mjs";
import { list, numbers, read, whole } from "./shared/link.mjs";
import { Gallery, readPictures, readTrained } from "./shared/networks.mjs";
import { Task } from "./shared/task.mjs";

const SIDE = 28;
const SIZE = SIDE ** 2;
const START = 10; // the ankle boot

const median = (numbers) => {
  const sorted = Float64Array.from(numbers).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** What the widget computes, without anything that is seen. */
export class Latents {
  constructor(parts, facts, originals) {
    this.originals = new Gallery(originals, SIZE);
    Object.assign(this, { decoder: parts.decoder, facts, count: facts.order.length });
  }

  static async read(files) {
    const [[parts, facts], originals] = await Promise.all([
      readTrained(files, "latent_sliders"),
      readPictures(files, "latent_sliders_garments.png", SIDE),
    ]);
    return new Latents(parts, facts, originals);
  }

  /** Decode codes, each a list of d numbers: (n · 784) brightnesses. */
  decode(codes) {
    return this.decoder.apply(Float32Array.from(codes.flat()));
  }

  /** A code with one latent at another place. */
  moved(code, latent, place) {
    return code.map((z, i) => (i === latent ? place : z));
  }

  /** Which of the test garments a picture is most like, by the cosine between the two. */
  resemble(pixels) {
    const [number, cosine] = this.originals.mostAlike(pixels);
    return { number, cosine };
  }

  /** How every garment changes from one end of a slider to the other, with length 1. */
  changes(latent) {
    const { codes, end } = this.facts;
    const [low, high] = [-end, end].map((place) =>
      this.decode(codes.map((code) => this.moved(code, latent, place))));
    return codes.map((_, n) => {
      const change = Float64Array.from({ length: SIZE }, (_, i) => high[n * SIZE + i] - low[n * SIZE + i]);
      const size = Math.sqrt(dot(change, change));
      return change.map((x) => x / size);
    });
  }

  /**
   * How alike the changes are, as cosines: for each latent the median over pairs of garments, and as
   * a control the median over pairs of latents that move the same garment, without its sign.
   */
  alike() {
    const all = Array.from({ length: this.count }, (_, latent) => this.changes(latent));
    const pairs = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => dot(a, b)));
    const sameGarment = this.facts.codes.flatMap((_, n) => pairs(all.map((changes) => changes[n])));
    return { garments: all.map((changes) => median(pairs(changes))), control: median(sameGarment.map(Math.abs)) };
  }
}

class Sliders {
  constructor(latents, el) {
    Object.assign(this, { latents, el, facts: latents.facts, random: generator(1) });
    this.build();
    this.choose(START - 1);
  }

  build() {
    const { names, order, rates } = this.facts;
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const picture = (name, size = "") =>
      make(`canvas.widget-picture${size}`, { width: SIDE, height: SIDE, role: "img", "aria-label": name });
    this.menu = make("select", {
      "aria-label": "Garment", onchange: () => this.own(),
    }, ...names.map((name) => make("option", {}, name)));
    this.pictures = { original: picture("test garment"), now: picture("decoded code") };
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    const most = Math.max(...rates);
    this.rows = order.map((latent) => {
      const name = `latent ${latent}`;
      const range = make("input", {
        type: "range", min: -this.facts.end, max: this.facts.end, step: 0.05,
        "aria-label": `${name}, ${rates[latent].toFixed(2)} nats`,
        oninput: () => this.move(latent, Number(range.value)),
      });
      const row = {
        latent, range, name,
        ends: ["low", "high"].map((end) => picture(`${name}, ${end} end`, ".sliders-end")),
        value: make("output.sliders-value", { "aria-hidden": "true" }),
        alike: make("span"),
      };
      const bar = make("i", {});
      bar.style.width = `${(100 * rates[latent]) / most}%`;
      row.element = make("div.sliders-row", {},
        make("span.sliders-name", {}, name),
        make("span.sliders-rate", {}, make("span.sliders-bar", { "aria-hidden": "true" }, bar), `${rates[latent].toFixed(2)} nats`, row.alike),
        row.ends[0], range, row.ends[1], row.value);
      return row;
    });
    this.el.replaceChildren(
      make("div.sliders", {},
        make("div.sliders-seen", { role: "group", "aria-label": "Garment" },
          make("p.widget-title", {}, "test garment"), this.pictures.original,
          make("p.widget-title", {}, "decoded"), this.pictures.now),
        make("div", { role: "group", "aria-label": "Latents" },
          ...this.rows.map(({ element }) => element))),
      make("div.widget-controls", {},
        make("span.widget-group", {}, "garment", this.menu),
        button("Its own code", () => this.own()),
        button("Random code", () => this.draw()),
        button("All to zero", () => this.show(this.code.map(() => 0), "All latents are zero."))),
      make("p.widget-help", {}, "The latents have the numbers of the table above, the strongest first: the nats are the mean KL over the test images. Beside each slider stands what its two ends would make of the present code."),
      this.task(),
      spoken,
    );
  }

  task() {
    return new Task({
      title: "does a slider do the same to every garment?",
      before: ["Move one slider, change the garment, and move it again. The measure: the change of the picture from one end to the other, compared between two garments by its cosine."],
      questions: [{ choices: {
        all: "yes, each of them",
        strong: "the strongest nearly, weaker ones not",
        none: "no, not even the strongest",
      } }],
      work: "Compare all garments",
      answer: (judge) => this.answer(judge),
    }).element;
  }

  own() {
    const number = this.menu.selectedIndex;
    this.choose(number, `The code is that of the ${this.facts.names[number]}.`);
  }

  /** Take a garment with its own mean code. */
  choose(number, spoken) {
    this.menu.selectedIndex = number;
    paint(this.pictures.original, this.latents.originals.picture(number), SIDE);
    this.show([...this.facts.codes[number]], spoken);
  }

  get state() {
    return { garment: this.menu.selectedIndex + 1, z: list(this.code) };
  }

  restore(link) {
    const { names, end } = this.facts;
    const found = read(link, { garment: whole(1, names.length), z: numbers(this.latents.count, [-end, end]) });
    if (!found) return;
    const { garment = START, z } = found;
    this.choose(garment - 1);
    if (z) this.show(z);
  }

  draw() {
    this.show(this.code.map(() => this.random.normal()), "A random code is decoded.");
  }

  /** Move one latent; its slider says where to, so what is said here is what came of it. */
  move(latent, place) {
    this.show(this.latents.moved(this.code, latent, place));
    const { number, cosine } = this.latents.resemble(this.decoded);
    this.say(`Of the ten garments the picture is most like this one: ${this.facts.names[number]}, with a cosine of ${written(cosine)}.`);
  }

  /** Show a code: its picture, the sliders, and the pictures at their ends. */
  show(code, spoken = "") {
    const { latents, facts } = this;
    this.code = code.map((z) => Math.max(-facts.end, Math.min(facts.end, z)));
    const codes = this.rows.flatMap(({ latent }) =>
      [-facts.end, facts.end].map((place) => latents.moved(this.code, latent, place)));
    const images = latents.decode([this.code, ...codes]);
    const image = (n) => images.subarray(n * SIZE, (n + 1) * SIZE);
    this.decoded = image(0);
    paint(this.pictures.now, this.decoded, SIDE);
    this.rows.forEach(({ latent, range, ends, value }, rank) => {
      ends.forEach((canvas, end) => paint(canvas, image(1 + 2 * rank + end), SIDE));
      range.value = this.code[latent];
      range.setAttribute("aria-valuetext", written(this.code[latent]));
      value.textContent = written(this.code[latent]);
    });
    if (spoken) this.say(spoken);
  }

  /** Compare what every slider does to the ten garments. */
  async answer(judge) {
    await new Promise((resolve) => setTimeout(resolve));
    const { garments, control } = this.latents.alike();
    for (const { latent, alike } of this.rows) alike.textContent = `alike ${written(garments[latent])}`;
    const ranked = this.facts.order.map((latent) => garments[latent]);
    const [strongest, weaker] = [ranked[0], median(ranked.slice(ranked.length / 2))];
    const right = strongest < 0.6 ? "none" : strongest - weaker > 0.3 ? "strong" : "all";
    return [make("p", {}, judge(right),
      `Two garments answer the strongest slider with a cosine of ${written(strongest)}, the weaker five with ${written(weaker)} (their median); 1 would be the same change, and two different sliders on one garment have ${written(control)}, without the sign. What a slider does depends on where the others stand.`)];
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    el.widget = new Sliders(await Latents.read(model.get("files")), el); // for links, and for tests
  },
};
