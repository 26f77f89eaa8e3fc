// One number x, one latent z: the evidence as a fixed line, the ELBO below it, the KL between them.
//
// z ~ N(0, 1), x|z ~ N(f(z), s²), q = N(mean, sd²). All densities are normalized, in nats.

import { draw, frames, hatches, Plot, slider, swatch, ticks } from "./shared/curves.mjs";
import { bottom, clamp, descend, even, logNormal } from "./shared/densities.mjs";
import { make, speaker, still, unique, written } from "./shared/elements.mjs";
import { logSum } from "./shared/gaussians.mjs";
import { list, numbers, read, word } from "./shared/link.mjs";
import { fetched } from "./shared/networks.mjs";
import { Task } from "./shared/task.mjs";

const DECODERS = { line: [(z) => z, "x|z ~ N(z, ½)"], square: [(z) => z * z, "x|z ~ N(z², ½)"] };
const REACH = 20; // of the grid, which has a step of 0.04
const COUNT = 1001;

/** What the widget computes for one x and one decoder, without anything that is seen. */
export class Model {
  constructor(facts, decoder, x) {
    Object.assign(this, { facts, decoder, x, step: (2 * REACH) / (COUNT - 1) });
    this.grid = even(-REACH, REACH, COUNT);
    this.likelihood = this.grid.map((z) => this.logLikelihood(z));
    this.prior = this.grid.map((z) => logNormal(z, 0, 1));
    this.evidence = logSum(this.prior.map((p, i) => p + this.likelihood[i])) + Math.log(this.step);
  }

  static async read(files) {
    return fetched(files, "bound_toy_facts.json", "json");
  }

  /** log p(x|z). */
  logLikelihood(z) {
    return logNormal(this.x, DECODERS[this.decoder][0](z), Math.sqrt(this.facts.noise));
  }

  /** log p(z|x). */
  logPosterior(z) {
    return this.logLikelihood(z) + logNormal(z, 0, 1) - this.evidence;
  }

  /** Distortion, rate, the ELBO that they make, and the KL to the posterior: three sums over the grid. */
  account({ mean: [mean], sd: [sd] }) {
    let [D, R, gap] = [0, 0, 0];
    for (let i = 0; i < COUNT; i++) {
      const logQ = logNormal(this.grid[i], mean, sd);
      const mass = Math.exp(logQ) * this.step;
      D -= mass * this.likelihood[i];
      R += mass * (logQ - this.prior[i]);
      gap += mass * (logQ - (this.likelihood[i] + this.prior[i] - this.evidence));
    }
    return { D, R, elbo: -D - R, gap };
  }

  cost(q) {
    return -this.account(q).elbo;
  }

  descend(q) {
    return descend((at) => this.cost(at), q, this.facts.limits);
  }

  bottom(q) {
    return bottom((at) => this.cost(at), q, this.facts.limits);
  }

  /** The best end of descents from both sides and from the middle, found once. */
  best() {
    this.found ??= this.facts.task.starts
      .map((q) => this.bottom(q))
      .reduce((best, q) => (this.cost(q) < this.cost(best) ? q : best));
    return this.found;
  }
}

class Bound {
  constructor(facts, el) {
    Object.assign(this, { facts, el });
    this.build();
    this.restart();
    this.ready = true;
  }

  build() {
    const { facts } = this;
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const name = unique("bound-decoder");
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.decoders = Object.entries(DECODERS).map(([value, [, text]]) =>
      make("label", {}, make("input", {
        type: "radio", name, value, onchange: () => this.see(value, this.model.x),
      }), ` ${text}`));
    this.plot = new Plot({ label: "Densities over z: the prior, dotted; the posterior of x, dashed; q, solid", x: facts.window, y: [0, 1] });
    this.layers = {};
    for (const kind of ["shade", "prior", "p", "q"]) this.layers[kind] = this.plot.path(kind);
    this.middle = this.plot.handle("middle", (z) => this.hand({ mean: [z] }));
    this.widths = [1, -1].map((sign) => ({
      sign, handle: this.plot.handle("width", (z) => this.hand({ sd: [sign * (z - this.q.mean[0])] })),
    }));
    this.ranges = {
      x: slider("x", "x", facts.limits.x, (x) => this.see(this.model.decoder, x)),
      mean: slider("q: mean", "mean", facts.limits.mean, (m) => this.hand({ mean: [m] })),
      sd: slider("q: sd", "sd", facts.limits.sd, (s) => this.hand({ sd: [s] })),
    };
    this.bars = new Bars();
    this.equations = make("div.toy-equations");
    this.status = make("p.toy-status", { role: "status" });
    const key = [["prior", "prior p(z)"], ["p", "posterior p(z|x)"], ["q", "q"]].map(([kind, text]) =>
      make("span", {}, swatch(kind), ` ${text}`));
    this.el.replaceChildren(
      make("div.toy-choices", { role: "radiogroup", "aria-label": "Decoder" },
        make("span.widget-title", {}, "Decoder"), ...this.decoders),
      make("div.toy-plots", {},
        make("div", { role: "group", "aria-label": "Densities" },
          make("p.widget-title", {}, "Densities: drag q"), this.plot.element,
          make("p.toy-legend", {}, ...key),
          make("div.toy-sliders", {}, ...Object.values(this.ranges).map(({ label }) => label))),
        make("div", { role: "group", "aria-label": "Account" },
          make("p.widget-title", {}, "−ELBO, divided in two ways (nats)"),
          this.bars.element, this.equations)),
      make("div.widget-controls", {},
        button("Raise the ELBO step by step", () => this.descend()),
        button("Set q to the prior", () => this.set(facts.prior)),
        button("Back to the guess in the text", () => this.restart())),
      this.status,
      make("p.widget-help", {},
        "Drag the dot to move q and a square to change its standard deviation, or use the sliders. All numbers are sums over a grid with a step of 0.04."),
      this.task(),
      spoken,
    );
  }

  task() {
    this.here = make("p.toy-status", { role: "status" });
    this.further = make("div", { hidden: true },
      make("p", {}, "Now make x smaller: where do the peaks join, and what happens to the best gap?"),
      make("button", { type: "button", onclick: () => this.seek() }, "Best q for this x"),
      this.here);
    return new Task({
      title: `with the decoder N(z², ½) and x = ${this.facts.task.x} the posterior has two peaks. Raise the ELBO as far as a Gaussian q allows. What is left of the gap?`,
      questions: [{ choices: {
        none: "nothing: the ELBO reaches log p(x)", half: "about log 2 ≈ 0.69 nats", more: "several nats",
      } }],
      work: "Look for the best q",
      answer: (judge) => this.answer(judge),
      after: [this.further],
    }).element;
  }

  /** Take the model, the number and the guess in the text. */
  restart() {
    const { decoder, x, q } = this.facts.text;
    this.q = q;
    this.see(decoder, x);
  }

  /** Observe another x, or with another decoder. */
  see(decoder, x) {
    this.stop();
    this.model = new Model(this.facts, decoder, x);
    for (const label of this.decoders) {
      const input = label.querySelector("input");
      input.checked = input.value === decoder;
    }
    this.zs = even(...this.facts.window, 301);
    this.posterior = this.zs.map((z) => Math.exp(this.model.logPosterior(z)));
    this.top = this.posterior.reduce((a, b) => Math.max(a, b));
    this.show();
  }

  get state() {
    const { model: { decoder, x }, q: { mean, sd } } = this;
    return { decoder, x: list([x]), mean: list(mean, 4), sd: list(sd, 4) };
  }

  restore(link) {
    const { limits, text } = this.facts;
    const found = read(link, {
      decoder: word(...Object.keys(DECODERS)), x: numbers(1, limits.x),
      mean: numbers(1, limits.mean), sd: numbers(1, limits.sd),
    });
    if (!found) return;
    const { decoder = text.decoder, x = [text.x], mean = text.q.mean, sd = text.q.sd } = found;
    this.q = { mean, sd };
    this.see(decoder, x[0]);
  }

  hand(change) {
    const { limits } = this.facts;
    const { mean, sd } = { ...this.q, ...change };
    this.set({ mean: [clamp(mean[0], limits.mean)], sd: [clamp(sd[0], limits.sd)] });
  }

  set(q) {
    this.stop();
    this.q = q;
    this.show();
  }

  /** Raise the ELBO before the reader's eyes; at once where less motion is asked for. */
  descend() {
    this.stop();
    if (still()) {
      this.set(this.model.bottom(this.q));
      return this.compare();
    }
    const path = this.model.descend(this.q);
    this.stopDescent = frames(this.el, () => {
      const { value, done } = path.next();
      if (value) this.q = value;
      this.show();
      if (done) this.compare();
      return !done;
    });
  }

  /** Say at the end of a descent how far it has come. As printed the numbers add up. */
  compare() {
    const { gap } = this.account;
    const best = this.model.account(this.model.best()).gap;
    const more = Number(gap.toFixed(3)) - Number(best.toFixed(3));
    const beside = more > 0 ? `${written(more, 3)} more than` : "as small as with";
    this.status.textContent = `No small step raises the ELBO: gap ${written(Math.max(gap, 0), 3)} nats, ${beside} the best q found.`;
  }

  /** Stop a descent; what was said at the end of the last one is not true of another q. */
  stop() {
    this.stopDescent?.();
    this.stopDescent = null;
    this.status.textContent = this.here.textContent = "";
  }

  show() {
    const { model, plot, layers, zs, q } = this;
    const [m, s] = [q.mean[0], q.sd[0]];
    this.account = model.account(q);
    const peak = Math.exp(logNormal(m, m, s));
    plot.look(this.facts.window, [0, Math.max(0.6, 1.12 * peak, 1.1 * this.top)]);
    layers.shade.setAttribute("d", plot.over(zs, this.posterior));
    layers.p.setAttribute("d", plot.through(zs, this.posterior));
    layers.prior.setAttribute("d", plot.through(zs, zs.map((z) => Math.exp(logNormal(z, 0, 1)))));
    layers.q.setAttribute("d", plot.through(zs, zs.map((z) => Math.exp(logNormal(z, m, s)))));
    plot.put(this.middle, m, peak);
    for (const { sign, handle } of this.widths) plot.put(handle, m + sign * s, peak * Math.exp(-0.5));
    this.ranges.x.show(model.x);
    this.ranges.mean.show(m);
    this.ranges.sd.show(s);
    this.bars.show(this.account, model.evidence);
    this.explain();
    const { D, R, elbo, gap } = this.account;
    if (this.ready)
      this.say(`x ${written(model.x)}; q: mean ${written(m)}, sd ${written(s)}; distortion ${written(D)}, rate ${written(R)}, ELBO ${written(elbo)}, gap ${written(gap)} nats`);
  }

  /** Both equations with their numbers. As printed they add up: the distortion takes the rounding. */
  explain() {
    const digits = this.account.D < 100 ? 3 : 1;
    const round = (x) => Number(x.toFixed(digits));
    const [R, gap, evidence] = [this.account.R, Math.max(this.account.gap, 0), this.model.evidence].map(round);
    const elbo = round(evidence - gap);
    const D = round(-elbo - R);
    const term = (name, value) => make("span", {}, make("small", {}, ...[name].flat()), written(value, digits));
    const sign = (text) => make("b", {}, text);
    this.equations.replaceChildren(
      make("p", {}, term("ELBO", elbo), sign("="), term(["E", make("sub", {}, "q"), " log p(x|z)"], -D), sign("−"), term("rate KL(q‖p(z))", R)),
      make("p", {}, term("log p(x)", evidence), sign("="), term("ELBO", elbo), sign("+"), term("gap KL(q‖p(z|x))", gap)),
    );
  }

  /** Look for the best q, and compare with the prediction. */
  answer(judge) {
    const { decoder, x } = this.facts.task;
    this.see(decoder, x);
    this.set(this.model.best());
    const { gap } = this.account;
    const right = gap < 0.1 ? "none" : Math.abs(gap - Math.LN2) < 0.1 ? "half" : gap > 2 ? "more" : "";
    const { mean: [m], sd: [s] } = this.q;
    this.further.hidden = false;
    return [make("p", {}, judge(right),
      `The best q that was found has mean ${written(m)} and sd ${written(s)}, and its gap is ${written(gap, 3)} nats; log 2 is ${written(Math.LN2, 3)}. It lies on one peak, where it is about twice the posterior; the rest of the gap is the difference in shape. From the prior, “Raise the ELBO step by step” does not move q at all: that is a local optimum, too.`)];
  }

  /** Look for the best q of the model that is seen. */
  seek() {
    this.set(this.model.best());
    const { mean: [m], sd: [s] } = this.q;
    this.here.textContent = `At x = ${written(this.model.x)} the smallest gap found is ${written(Math.max(this.account.gap, 0), 3)} nats, with mean ${written(m)} and sd ${written(s)}.`;
  }
}

/** Two bars that hang from zero to the ELBO, divided in two ways, and the line of log p(x). */
class Bars {
  constructor() {
    const [width, height] = [360, 270];
    Object.assign(this, { top: 32, bottom: height - 8, left: 40, end: width - 4 });
    const { defs, fill } = hatches("part", "plus", "minus");
    this.axis = draw("g", { class: "curves-axes" });
    const text = (words, x, at = {}) => draw("text", { x, ...at }, words);
    const part = (kind, x) => draw("rect", { x, width: 74, class: `bars-${kind}`, ...(fill[kind] && { fill: fill[kind] }) });
    this.parts = { D: part("part", 58), R: part("plus", 58), evidence: part("open", 178), gap: part("minus", 178) };
    this.names = {
      D: text("D", 138), R: text("R", 138), evidence: text("−log p(x)", 258), gap: text("gap", 258, { class: "bars-gap" }),
    };
    this.lines = { evidence: draw("path", { class: "bars-line" }), elbo: draw("path", { class: "bars-elbo" }) };
    this.ends = {
      evidence: text("log p(x)", this.end, { "text-anchor": "end" }),
      elbo: text("ELBO", this.end, { "text-anchor": "end", class: "bars-end" }),
    };
    this.element = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "curves bars", role: "img" },
      defs, this.axis, ...Object.values(this.parts), ...Object.values(this.lines),
      ...Object.values(this.names), ...Object.values(this.ends),
      text("D + R", 95, { y: 13, "text-anchor": "middle", class: "curves-name" }),
      text("−log p(x) + gap", 215, { y: 13, "text-anchor": "middle", class: "curves-name" }));
  }

  /** Show an account; the scale is a power of two, so that the line stands still while q moves. */
  show({ D, R, elbo, gap }, evidence) {
    const depth = 2 ** Math.ceil(Math.log2(Math.max(4, -1.06 * elbo)));
    if (depth !== this.depth) this.scale(depth);
    const pieces = { D: [0, D], R: [D, R], evidence: [0, -evidence], gap: [-evidence, Math.max(gap, 0)] };
    for (const [key, [from, length]] of Object.entries(pieces)) {
      const [a, b] = [this.down(from), this.down(from + length)];
      this.parts[key].setAttribute("y", a);
      this.parts[key].setAttribute("height", b - a);
      this.names[key].setAttribute("y", (a + b) / 2 + 4);
      this.names[key].style.display = b - a < (key === "evidence" ? 48 : 12) ? "none" : "";
    }
    for (const [key, nats] of [["evidence", -evidence], ["elbo", -elbo]]) {
      this.lines[key].setAttribute("d", `M${this.left} ${this.down(nats)}H${this.end}`);
      this.ends[key].setAttribute("y", this.down(nats) + (key === "elbo" ? 14 : -5));
    }
    this.element.setAttribute("aria-label",
      `Two bars hang from zero to the ELBO, ${written(elbo)}: distortion ${written(D)} and rate ${written(R)}; and to log p(x), ${written(evidence)}, with a gap of ${written(gap)} nats`);
  }

  scale(depth) {
    this.depth = depth;
    const axis = (d) => draw("path", { d, class: "curves-axis" });
    this.axis.replaceChildren(
      axis(`M${this.left} ${this.bottom}V${this.top}H${this.end}`),
      ...ticks(0, depth, 5).flatMap(([nats, words]) => [
        axis(`M${this.left} ${this.down(nats)}h-4`),
        draw("text", { x: this.left - 7, y: this.down(nats) + 4, "text-anchor": "end" }, nats ? `−${words}` : words),
      ]),
    );
  }

  down(nats) {
    return this.top + ((this.bottom - this.top) * nats) / this.depth;
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const widget = new Bound(await Model.read(model.get("files")), el);
    el.widget = widget; // for links, and for tests
    return () => widget.stop();
  },
};
