// The encoder's desk: a garment that can be painted on, what the encoder says of it, and the truth.

import { Board } from "./shared/board.mjs";
import { frames } from "./shared/curves.mjs";
import { generator, make, onceAFrame, paint, replaced, speaker, still, unique, written } from "./shared/elements.mjs";
import { Truth } from "./shared/gaussians.mjs";
import { Lens } from "./shared/lens.mjs";
import { cells, list, numbers, read, runs, whole, word } from "./shared/link.mjs";
import { readPictures, readTrained } from "./shared/networks.mjs";
import { Task } from "./shared/task.mjs";

const SIDE = 14;
const SIZE = SIDE ** 2;
const COUNTS = [1, 2, 5, 10, 50]; // of samples
const MOST = COUNTS.at(-1);
const SEEDS = 9999;
const OWNERS = {
  encoder: "The ellipse is the encoder’s answer.",
  reader: "The ellipse is yours: the encoder is switched off.",
  searching: "The search moves the ellipse.",
  search: "The ellipse is the best that the search has found.",
};

/** A number with some decimals as it is printed; zero has no sign. */
const rounded = (x, digits) => Math.round(x * 10 ** digits) / 10 ** digits || 0;

/** The account in hundredths of a nat, as it is printed: its sums are those of the printed numbers. */
export function printed({ D, R, evidence, importance }) {
  const [d, r] = [rounded(D, 2), rounded(R, 2)];
  const found = { D: d, R: r, bound: rounded(d + r, 2) };
  if (evidence === undefined) return found; // as long as a stroke lasts
  const e = rounded(evidence, 2);
  return { ...found, evidence: e, gap: rounded(d + r - e, 2), importance: rounded(importance, 2) };
}

/** Say why D and R have changed, from what `Model.change` gives. */
export function reasons({ D, R, brightness, fromMiddle, fromWidths }) {
  const distortion =
    D === 0 ? "D stays about the same."
    : D > 0 ? "What the decoder cannot draw is paid as distortion."
    : brightness < 0 ? "Fewer bright pixels are left, and the decoder’s pictures miss less of them."
    : "The decoder’s pictures come closer to what you have painted.";
  const middle = Math.sign(R) * (fromMiddle - fromWidths) > 0; // which of them explains more of R
  const [direction, side] = R > 0 ? ["rises", "farther from"] : ["falls", "nearer to"];
  const rate =
    R === 0 ? "R stays about the same."
    : `R ${direction} mostly because ${middle ? `the middle of the ellipse is ${side} 0` : `the widths of the ellipse are ${side} 1`}, as the prior has it.`;
  return `${distortion} ${rate}`;
}

/** What the widget computes, without anything that is seen. */
export class Model {
  constructor(parts, facts, garments) {
    Object.assign(this, { garments, facts, encoder: parts.small_vae_encoder });
    this.decoder = parts.small_vae_decoder;
    this.truth = new Truth(this.decoder, facts.variance);
  }

  static async read(files) {
    const [[parts, facts], garments] = await Promise.all([
      readTrained(files, "encoder_desk"),
      readPictures(files, "small_garments.png", SIDE),
    ]);
    return new Model(parts, facts, garments);
  }

  garment(number) {
    return this.garments.subarray(number * SIZE, (number + 1) * SIZE);
  }

  /** The Gaussian that the encoder gives: {mean: [2], sd: [2]}. */
  encode(x) {
    const [a, b, u, v] = this.encoder.apply(x);
    return { mean: [a, b], sd: [Math.exp(u / 2), Math.exp(v / 2)] };
  }

  /**
   * All numbers of the account for an image and a Gaussian, in nats, without the constant. Without
   * a posterior (null) only those that need none.
   */
  account(x, q, posterior = this.truth.posterior(x)) {
    const { D, R } = this.truth.account(x, q);
    if (!posterior) return { D, R, bound: D + R };
    return { D, R, bound: D + R, evidence: -posterior.logEvidence, gap: D + R + posterior.logEvidence };
  }

  /** What painting has changed: D and R in tenths of a nat, as the encoder sees both images. */
  change(whole, x) {
    const [before, now] = [whole, x].map((image) => {
      const q = this.encode(image);
      const fromMiddle = q.mean.reduce((sum, m) => sum + m * m, 0) / 2;
      return { ...this.truth.account(image, q), fromMiddle, brightness: image.reduce((a, b) => a + b) };
    });
    const [D, R, fromMiddle, brightness] = ["D", "R", "fromMiddle", "brightness"].map(
      (key) => now[key] - before[key],
    );
    return { D: rounded(D, 1), R: rounded(R, 1), brightness, fromMiddle, fromWidths: R - fromMiddle };
  }
}

class Desk {
  constructor(model, el) {
    Object.assign(this, { model, el, owner: "encoder", samples: 5, seed: 0 });
    this.build();
    this.soon = onceAFrame(el, () => this.show());
    this.choose(0);
  }

  build() {
    const { facts } = this.model;
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.board = new Board(SIDE, (...what) => this.painted(...what), this.say);
    this.menu = make("select", {
      "aria-label": "Garment", onchange: () => this.choose(this.menu.selectedIndex),
    }, ...facts.garments.map((text) => make("option", {}, text)));
    const help = make("p.widget-help", { id: unique("desk-help") },
      "Erase or paint with the pointer, three pixels wide. Or pixel by pixel: arrow keys, Space paints, X erases, U undoes.");
    this.board.canvas.setAttribute("aria-describedby", help.id);
    const tool = unique("desk-tool");
    this.tools = [0, 1].map((value) => // the brightness
      make("input", { type: "radio", name: tool, onchange: () => this.wield(value) }));
    this.wield(0);
    const tools = ["erase", "paint"].map((text, value) => make("label", {}, this.tools[value], ` ${text}`));
    this.lens = new Lens({
      center: (x, y) => this.hand({ mean: [x, y] }),
      width: (axis, sd) => this.hand({ sd: replaced(this.q.sd, axis, sd) }),
      release: () => this.follow(),
    });
    this.sliders = [
      ["middle across", "mean", 0], ["middle up", "mean", 1],
      ["width across", "sd", 0], ["width up", "sd", 1],
    ].map(([label, kind, axis]) => {
      const [low, high] = this.model.truth.limits.sd.map(Math.log); // those of the middle: see place
      const input = make("input", {
        type: "range", min: low, max: high, step: 0.01, "aria-label": `Ellipse: ${label}`,
        onchange: () => this.follow(),
        oninput: () => {
          const value = Number(input.value);
          this.hand({ [kind]: replaced(this.q[kind], axis, kind === "sd" ? Math.exp(value) : value) });
        },
      });
      const output = make("output", { "aria-hidden": "true" });
      return { input, output, kind, axis, label };
    });
    this.exact = make("input", { type: "checkbox", checked: true, onchange: () => this.place() });
    this.count = make("select", {
      "aria-label": "Number of samples",
      onchange: () => { this.samples = Number(this.count.value); this.show(); },
    }, ...COUNTS.map((n) => make("option", { value: n, selected: n === 5 }, `${n}`)));
    this.brief = make("p.desk-brief", { "aria-hidden": "true" }); // where the table is far below
    this.whose = make("p.desk-owner");
    this.copies = [
      ["Reconstruction", "reconstruction from the middle of the ellipse"],
      ["Error", "absolute error of the reconstruction"],
    ].map(([title, name]) => ({
      title,
      canvas: make("canvas.widget-picture", { width: SIDE, height: SIDE, role: "img", "aria-label": name }),
    }));
    const rows = [
      ["D", "distortion D"], ["R", "rate R"], ["bound", "−ELBO = D + R"],
      ["evidence", "−log p(x)"], ["gap", "gap"], ["importance", ""],
    ];
    this.rows = Object.fromEntries(rows.map(([key, text]) =>
      [key, { name: make("th", { scope: "row" }, text), value: make("td"), bar: make("i") }]));
    this.rows.gap.bar.className = "gap";
    this.rows.gap.name.append(make("small", { "aria-hidden": "true" }, " (bar: part of the encoder’s)"));
    const table = make("table.desk-table", {},
      make("caption", {}, "In nats, without the constant of the likelihood. IWAE uses the crosses as they are: one draw may fall on either side of −log p(x)."),
      make("tbody", {}, ...Object.keys(this.rows).map((key) => make("tr", {},
        this.rows[key].name, this.rows[key].value,
        make("td.desk-bar", { "aria-hidden": "true" }, this.rows[key].bar)))));
    this.el.replaceChildren(
      make("div.desk", {},
        make("div", { role: "group", "aria-label": "Picture" },
          make("p.widget-title", {}, "Garment"), this.board.canvas,
          this.brief,
          help,
          make("div.widget-controls", {}, this.menu, make("span.widget-group", {}, ...tools),
            make("span.widget-group", {}, button("Undo", () => this.board.undo()),
              button("Clear", () => this.clear()),
              button("Restore", () => this.choose(this.menu.selectedIndex))))),
        make("div", { role: "group", "aria-label": "Code" },
          make("p.widget-title", {}, "Code"), this.lens.canvas,
          make("p.widget-help", {}, "Blue: exact posterior, hatched above a tenth of its peak. Ellipses: 1 and 2 standard deviations of q; crosses: samples; dotted: radius 1, 2, 3 of the prior."),
          make("div.widget-controls", {}, make("label", {}, this.exact, " exact posterior")),
          make("div.desk-sliders", {}, ...this.sliders.map(({ input, output, label }) =>
            make("label", {}, make("span", {}, label), input, output)))),
        make("div", { role: "group", "aria-label": "Decoder" },
          ...this.copies.flatMap(({ title, canvas }) => [make("p.widget-title", {}, title), canvas]))),
      make("div.widget-controls", {},
        make("span.widget-group", {}, "samples", this.count, button("Draw again", () => { this.draw(); this.show(); })),
        button("Best ellipse", () => this.descend()),
        button("Back to the encoder", () => this.encode())),
      this.whose,
      table,
      (this.task = this.ask()).element,
      spoken,
    );
  }

  /** The question is about the first garment. */
  ask() {
    return new Task({
      title: `erase the right sleeve of ${this.model.facts.garments[0]}, as you see it. Which number changes more?`,
      questions: [{ choices: { D: "the distortion D", R: "the rate R" } }],
      work: "Compare with the whole garment",
      answer: (judge) => this.answer(judge),
      after: ["Then drag the ellipse yourself, and make the gap smaller than the encoder does. What is left when “Best ellipse” has done its work is, as far as its search can tell, the part that no upright ellipse can close."],
    });
  }

  /** The garment, what is painted on it, and the ellipse where it is not the encoder's. */
  get state() {
    const number = this.menu.selectedIndex;
    const whole = this.model.garment(number);
    const painted = (value) =>
      runs([...this.x.keys()].filter((n) => this.x[n] !== whole[n] && this.x[n] === value));
    const [black, white] = [0, 1].map(painted);
    const { mean, sd } = this.q;
    return {
      garment: number + 1, ...(black && { black }), ...(white && { white }),
      ...(this.owner !== "encoder" && { mean: list(mean, 6), sd: list(sd, 6) }),
      ...(this.owner === "search" && { owner: "search" }),
      samples: this.samples, seed: this.seed,
    };
  }

  restore(link) {
    const { limits } = this.model.truth;
    const found = read(link, {
      garment: whole(1, this.model.facts.garments.length), black: cells(SIZE), white: cells(SIZE),
      mean: numbers(2, limits.mean), sd: numbers(2, limits.sd), owner: word("search"), samples: word(...COUNTS), seed: whole(1, SEEDS),
    });
    if (!found) return;
    const { garment = 1, black = [], white = [], mean, sd, owner = "reader", samples = 5, seed = 1 } = found;
    const pixels = Float32Array.from(this.model.garment(garment - 1));
    for (const [value, all] of [black, white].entries()) for (const cell of all) pixels[cell] = value;
    this.count.value = this.samples = samples;
    this.choose(garment - 1, pixels);
    this.draw(seed);
    if (!mean && !sd) return this.show();
    this.move({ ...this.q, ...(mean && { mean }), ...(sd && { sd }) }, owner);
    this.place();
  }

  /** Take another garment, unpainted or as it has been painted elsewhere. */
  choose(number, pixels = this.model.garment(number)) {
    const { garments } = this.model.facts;
    this.menu.selectedIndex = number;
    this.board.canvas.setAttribute("aria-label", `${garments[number]}, ${SIDE} × ${SIDE} pixels`);
    this.board.load(pixels);
    this.draw();
    this.look(this.model.truth.posterior(pixels));
  }

  /** Paint from now on with a brightness, 0 or 1. */
  wield(value) {
    this.board.tool = value;
    this.tools[value].checked = true;
  }

  /** Make the board black, where there is nothing to erase. */
  clear() {
    this.board.clear();
    this.wield(1);
  }

  /**
   * The reader has painted: the encoder answers. When a stroke has ended the truth follows, a step a
   * frame, for a slow machine needs a while for each.
   */
  painted(ended, where) {
    if (ended) this.draw();
    this.look(null);
    if (!ended) return;
    const steps = [
      () => {}, // the page shows the stroke first
      () => (this.posterior = this.model.truth.posterior(this.x)),
      () => this.place(where),
    ];
    this.stopTruth = frames(this.el, () => {
      steps.shift()();
      return steps.length > 0;
    });
  }

  /** Look at what is on the board: its posterior is given, or not known yet (null). */
  look(posterior) {
    this.stopTruth?.();
    this.x = this.board.pixels;
    this.posterior = posterior;
    this.task.show();
    this.encode();
  }

  /** Give the ellipse back to the encoder. */
  encode() {
    this.stop();
    this.move(this.model.encode(this.x), "encoder");
    this.place();
  }

  /** Let the ellipse be another one; who has made it is a key of OWNERS. */
  move(q, owner) {
    this.q = this.lens.q = owner === "encoder" ? q : this.model.truth.within(q);
    this.owner = owner;
  }

  /** Draw new samples: ε of N(0, I), (n · 2), which follow the ellipse when it is moved. */
  draw(seed = (this.seed % SEEDS) + 1) {
    this.seed = seed;
    this.noise = Float64Array.from({ length: 2 * MOST }, generator(seed).normal);
  }

  /** Choose the window so that the ellipse and the posterior are both in it. */
  place(where) {
    const { truth } = this.model;
    const box = [Infinity, -Infinity, Infinity, -Infinity];
    const include = (x, y, dx, dy) => {
      box[0] = Math.min(box[0], x - dx);
      box[1] = Math.max(box[1], x + dx);
      box[2] = Math.min(box[2], y - dy);
      box[3] = Math.max(box[3], y + dy);
    };
    if (this.posterior)
      this.posterior.mass.forEach((mass, n) => {
        if (mass > 0.002) include(...truth.cell(n), truth.step / 2, truth.step / 2);
      });
    else {
      const { x, y, half } = this.lens.window; // as it is, as long as a stroke lasts
      include(x, y, half / 1.1, half / 1.1);
    }
    include(...this.q.mean, 3 * this.q.sd[0], 3 * this.q.sd[1]);
    const half = 0.55 * Math.max(box[1] - box[0], box[3] - box[2]);
    const window = { x: (box[0] + box[1]) / 2, y: (box[2] + box[3]) / 2, half };
    let density = null;
    if (this.exact.checked && this.posterior) {
      const codes = Lens.grid(window);
      const logs = truth.logJoint(this.x, codes, this.model.decoder.apply(codes));
      const top = logs.reduce((a, b) => Math.max(a, b));
      density = logs.map((value) => Math.exp(value - top));
    }
    this.lens.look(window, density);
    for (const { input, kind, axis } of this.sliders) {
      if (kind === "sd") continue;
      const middle = [window.x, window.y][axis];
      const [low, high] = truth.limits.mean;
      input.min = Math.max(low, middle - 4 * half); // two windows on either side
      input.max = Math.min(high, middle + 4 * half);
      input.step = half / 50;
    }
    this.show(where);
  }

  /** Whether a handle of the ellipse has left the window. */
  get outside() {
    const { x, y, half } = this.lens.window;
    return this.lens.handles().some(([a, b]) => Math.max(Math.abs(a - x), Math.abs(b - y)) > half);
  }

  /** Let the window follow; not before a hand lets go, for it would run away from the hand. */
  follow() {
    if (this.outside) this.place();
  }

  /** The reader moves the ellipse. */
  hand(change) {
    this.stop();
    this.move({ ...this.q, ...change }, "reader");
    this.soon();
  }

  /** Look for the best upright ellipse, before the reader's eyes, who may ask for less motion. */
  descend() {
    this.stop();
    const path = this.model.truth.descend(this.x, this.q);
    const found = () => {
      this.move(this.q, "search");
      this.draw();
      this.place(OWNERS.search);
    };
    if (still()) {
      for (const { q } of path) this.q = q;
      return found();
    }
    this.owner = "searching";
    this.stopSearch = frames(this.el, () => {
      const { value, done } = path.next();
      if (done) found();
      else {
        this.move(value.q, "searching");
        if (this.outside) this.place();
        else this.show();
      }
      return !done;
    });
  }

  stop() {
    this.stopSearch?.();
  }

  /** Show everything; `where` is what a listener hears before the numbers. */
  show(where = "") {
    const { truth, decoder } = this.model;
    const { q, x } = this;
    this.account = this.model.account(x, q, this.posterior);
    const importance = truth.importance(x, q, this.noise.subarray(0, 2 * this.samples));
    const image = decoder.apply(Float32Array.from(q.mean));
    paint(this.copies[0].canvas, image, SIDE);
    paint(this.copies[1].canvas, image.map((y, i) => Math.abs(y - x[i])), SIDE);
    this.lens.samples = Array.from({ length: this.samples }, (_, k) =>
      importance.codes.subarray(2 * k, 2 * k + 2));
    this.lens.redraw();
    for (const { input, output, kind, axis } of this.sliders) {
      const digits = kind === "sd" ? 3 : 2;
      const value = written(rounded(q[kind][axis], digits), digits);
      input.value = kind === "sd" ? Math.log(q.sd[axis]) : q.mean[axis];
      input.setAttribute("aria-valuetext", value);
      output.textContent = value;
    }
    const numbers = printed({ ...this.account, importance: importance.value });
    const longest = Math.max(numbers.bound, numbers.importance ?? 0, 1);
    this.rows.importance.name.textContent = `−IWAE(${this.samples}), one draw`;
    // The gap is too small to be seen beside the others: its bar has a scale of its own.
    if (this.owner === "encoder") this.own = this.account.bound;
    for (const [key, { value, bar }] of Object.entries(this.rows)) {
      const number = numbers[key];
      value.textContent = number === undefined ? "…" : written(number, 2);
      const part = key === "gap" ? this.account.gap / (this.own - this.account.evidence) : number / longest;
      bar.style.width = `${Math.max(0, Math.min(100, 100 * part)) || 0}%`;
    }
    const [D, R, gap] = ["D", "R", "gap"].map((key) => this.rows[key].value.textContent);
    this.brief.textContent = `D ${D}   R ${R}   gap ${gap}`;
    this.whose.textContent = this.outside
      ? "The ellipse is yours, and reaches out of the window, which follows when you let go."
      : OWNERS[this.owner];
    if (this.ready && this.posterior && this.owner !== "searching")
      this.say(`${where && `${where.replace(/\.$/, "")}. `}D ${D}, R ${R}, gap ${gap} nats`);
    this.ready = true;
  }

  /** Compare the painted garment with the whole one, both as the encoder sees them. */
  answer(judge) {
    const number = this.menu.selectedIndex;
    const [name, asked] = [number, 0].map((n) => this.model.facts.garments[n]);
    const whole = this.model.garment(number);
    const elsewhere = number ? ` The question is about ${asked}.` : "";
    if (this.x.every((value, i) => value === whole[i]))
      return [`${name} is whole: erase something first.${elsewhere}`];
    const change = this.model.change(whole, this.x);
    const [D, R] = [change.D, change.R].map(Math.abs);
    const most = D > R ? "D" : R > D ? "R" : null;
    const signed = (x) => `${x > 0 ? "+" : ""}${written(x, 1)}`;
    return [make("p", {},
      most && !elsewhere ? judge(most) : "",
      `${name}: D ${signed(change.D)} nats, R ${signed(change.R)} nats`,
      most ? ". " : ", about the same. ",
      `${reasons(change)}${elsewhere}`,
    )];
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const desk = new Desk(await Model.read(model.get("files")), el);
    el.widget = desk; // for links, and for tests
    return () => desk.stop();
  },
};
