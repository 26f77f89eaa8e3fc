// A lever for β over the models that the chapter has really trained: nothing lies between them.

import { draw, frames } from "./shared/curves.mjs";
import { generator, make, paint, speaker, still, written } from "./shared/elements.mjs";
import { read, whole, word } from "./shared/link.mjs";
import { readPictures, readTrained } from "./shared/networks.mjs";
import { Task } from "./shared/task.mjs";

const SIDE = 28;
const LATENTS = 10;
const SHOWN = 10;
const SEEDS = 9999;
const ROOM = 24; // around a dot, for a finger: units of the plane, hardly smaller than pixels
const FADE = 200; // milliseconds from the pictures of one model to those of the next

const sigmoid = (logits) => logits.map((x) => 1 / (1 + Math.exp(-x)));

/** What the widget computes, without anything that is seen. */
export class Sweep {
  constructor(parts, facts, originals) {
    Object.assign(this, { parts, originals, facts, models: facts.models });
  }

  static async read(files) {
    const [[parts, facts], originals] = await Promise.all([
      readTrained(files, "beta_lever"),
      readPictures(files, "originals.png", SIDE),
    ]);
    return new Sweep(parts, facts, originals);
  }

  /** Decode codes (n · 10) with the model at a place of the lever: (n · 784) brightnesses. */
  decode(place, codes) {
    return sigmoid(this.parts[`${this.models[place].part}_decoder`].apply(codes));
  }

  /** The mean codes of the shown test garments under a model. */
  means(place) {
    const codes = this.parts[`${this.models[place].part}_codes`];
    const found = new Float32Array(SHOWN * LATENTS);
    this.facts.firsts.forEach((number, n) => {
      const start = number * 2 * LATENTS; // means, then log-variances
      found.set(codes.subarray(start, start + LATENTS), n * LATENTS);
    });
    return found;
  }
}

class Lever {
  constructor(sweep, el) {
    Object.assign(this, { sweep, el, answered: false });
    this.build();
    this.restore({});
  }

  get state() {
    return { beta: this.sweep.models[this.place].beta, seed: this.seed };
  }

  restore(link) {
    const betas = this.sweep.models.map(({ beta }) => beta);
    const found = read(link, { beta: word(...betas), seed: whole(1, SEEDS) });
    if (!found) return;
    const { beta = 1, seed = 1 } = found;
    this.draw(seed);
    this.show(betas.indexOf(beta));
  }

  draw(seed) {
    this.seed = seed;
    this.noise = Float32Array.from({ length: SHOWN * LATENTS }, generator(seed).normal);
  }

  build() {
    const { models, facts } = this.sweep;
    this.range = make("input", {
      type: "range", min: 0, max: models.length - 1, step: 1, "aria-label": "β",
      oninput: () => this.choose(Number(this.range.value)),
    });
    const ticks = models.map(({ beta }) => make("span", {}, `${beta}`));
    this.numbers = make("p.lever-numbers");
    this.rows = ["originals", "copies", "from random codes"].map((name) => {
      const tiles = facts.names.map((garment) =>
        make("canvas", { width: SIDE, height: SIDE, title: name === "from random codes" ? "" : garment }),
      );
      return { name, tiles };
    });
    this.rows[0].tiles.forEach((tile, n) =>
      paint(tile, this.sweep.originals.subarray(n * SIDE ** 2, (n + 1) * SIDE ** 2), SIDE),
    );
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.el.replaceChildren(
      make(
        "div.lever", {},
        this.plane(),
        make(
          "div", {},
          make("label.lever-range", {}, make("span.widget-title", {}, "β"), this.range),
          make("div.lever-ticks", { "aria-hidden": "true" }, ...ticks),
          this.numbers,
          make("div.widget-controls", {},
            make("button", { type: "button", onclick: () => this.anew() }, "New random codes")),
          make("p.widget-help", {}, `The slider chooses a model, and so does a press on its dot. A latent is active if its mean varies over ${facts.garments.toLocaleString("en")} test garments with a variance above ${facts.active}.`),
        ),
      ),
      make("div.lever-pictures", {}, ...this.rows.map(({ name, tiles }) =>
        make("div", {}, make("p.widget-title", {}, name),
          make("div.lever-tiles", {
            role: "img", "aria-label": `Ten pictures: ${name}`,
          }, ...tiles)))),
      this.task(),
      spoken,
    );
  }

  /** The plane of rate and distortion, with a dot for each model. */
  plane() {
    const { models } = this.sweep;
    const [width, height, left, bottom] = [340, 240, 48, 40];
    const rates = models.map(({ R }) => R);
    const costs = models.map(({ D }) => D);
    const [low, high] = [Math.min(...costs), Math.max(...costs)];
    // Room on either side of every dot: for the ring, and above it for the β.
    const x = (R) => left + 14 + ((width - left - 42) * R) / (1.05 * Math.max(...rates));
    const y = (D) => 22 + ((height - bottom - 36) * (high - D)) / (high - low);
    const svg = draw("svg", {
      viewBox: `0 0 ${width} ${height}`, class: "lever-plane", role: "img",
      "aria-label": "Rate and distortion of the trained models; the ring marks the chosen β",
    });
    const line = models.map(({ R, D }) => `${x(R)},${y(D)}`).join(" ");
    svg.append(
      draw("path", { d: `M${left} 8V${height - bottom}H${width - 8}`, class: "lever-axis" }),
      draw("polyline", { points: line, class: "lever-line" }),
      draw("text", { x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, "rate R, nats"),
      draw("text", { transform: `translate(12 ${(height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "distortion D, nats"),
      ...[low, high].map((D) => draw("text", { x: left - 5, y: y(D) + 4, "text-anchor": "end" }, D.toFixed(0))),
      ...[Math.min(...rates), Math.max(...rates)].map((R) =>
        draw("text", { x: x(R), y: height - bottom + 15, "text-anchor": "middle" }, R.toFixed(1))),
      ...models.map(({ R, D, beta }) => draw("text", { x: x(R) + 13, y: y(D) - 10 }, `${beta}`)),
      ...models.map(({ R, D }) => draw("circle", { cx: x(R), cy: y(D), r: 4, class: "lever-dot" })),
      ...models.map(({ R, D }) => draw("circle", { cx: x(R), cy: y(D), r: ROOM, class: "lever-room" })),
    );
    this.ring = draw("circle", { r: 9, class: "lever-ring" });
    if (still()) this.ring.style.transition = "none";
    svg.append(this.ring);
    // The rooms of two dots may overlap: the nearer dot is meant.
    svg.addEventListener("click", ({ clientX, clientY, target }) => {
      if (!target.classList.contains("lever-room")) return;
      const at = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
      const away = models.map(({ R, D }) => Math.hypot(at.x - x(R), at.y - y(D)));
      this.choose(away.indexOf(Math.min(...away)));
    });
    this.at = ({ R, D }) => `translate(${x(R)}px, ${y(D)}px)`;
    return svg;
  }

  task() {
    const choices = Object.fromEntries(this.sweep.models.map(({ beta }, i) => [i, `β = ${beta}`]));
    return new Task({
      questions: [
        { text: "Where are the copies best?", choices },
        { text: "And where are garments from random codes hardest to tell from copies?", choices },
      ],
      work: "Compare with the measurements",
      answer: (judge) => this.answer(judge),
    }).element;
  }

  anew() {
    this.draw((this.seed % SEEDS) + 1);
    this.show(this.place);
    this.say("New random codes are decoded.");
  }

  choose(place) {
    this.show(place);
    this.say(this.words.join("; "));
  }

  show(place) {
    this.place = place;
    const model = this.sweep.models[place];
    this.fade([this.sweep.means(place), this.noise].map((codes) => this.sweep.decode(place, codes)));
    const { D, R, beta, apart, active } = model;
    const shown = [D, R].map((x) => Number(x.toFixed(1)));
    this.words = [`D ${written(shown[0], 1)} + R ${written(shown[1], 1)} = −ELBO ${written(shown[0] + shown[1], 1)} nats`,
      `active latents: ${active} of ${LATENTS}`];
    if (this.answered)
      this.words.push(`a test tells random codes from copies with ${Math.round(100 * apart)}% right (50% is guessing)`);
    this.numbers.replaceChildren(...this.words.map((text) => make("span", {}, text)));
    this.range.value = place;
    this.range.setAttribute("aria-valuetext", `β = ${beta}`);
    this.ring.style.transform = this.at(model);
  }

  /** Fade from the pictures that are seen to others; at once where less motion is asked for. */
  fade(images) {
    this.stopFade?.();
    const before = this.images ?? images;
    const began = this.images ? performance.now() : -FADE; // the first ones are there at once
    const mix = () => {
      const part = (this.part = still() ? 1 : Math.min(1, (performance.now() - began) / FADE));
      this.images = images.map((row, k) => row.map((y, i) => before[k][i] + part * (y - before[k][i])));
      this.images.forEach((pixels, row) =>
        this.rows[row + 1].tiles.forEach((tile, n) =>
          paint(tile, pixels.subarray(n * SIDE ** 2, (n + 1) * SIDE ** 2), SIDE)),
      );
      return part < 1;
    };
    if (mix()) this.stopFade = frames(this.el, mix);
  }

  /** Compare the prediction with what the chapter has measured on the whole test set. */
  answer(judge) {
    const { models } = this.sweep;
    const lowest = (key) => models.reduce((best, model, i) => (model[key] < models[best][key] ? i : best), 0);
    const [copies, samples] = [lowest("D"), lowest("apart")];
    this.answered = true;
    this.show(this.place);
    return [
      make("p", {}, judge(copies), `The distortion is smallest at β = ${models[copies].beta}.`),
      make("p", {}, judge(samples, 1),
        `Random codes are told from copies least often at β = ${models[samples].beta}. `,
        samples === copies ? "It is the same place. " : "It is not the same place. ",
        samples === models.length - 1 ? "There the copies themselves have become alike, so little is left to tell apart." : ""),
    ];
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const sweep = await Sweep.read(model.get("files"));
    el.widget = new Lever(sweep, el); // for links, and for tests
  },
};
