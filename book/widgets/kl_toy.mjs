// One Gaussian q, a target p, and the KL divergence between them in both directions.

import { frames, slider, swatch } from "./shared/curves.mjs";
import {
  Banana, bottom, clamp, descend, DIRECTIONS, Line, logGaussian, logNormal,
} from "./shared/densities.mjs";
import { Divergence, INTEGRANDS, KLS } from "./shared/divergence.mjs";
import { make, replaced, speaker, still, unique, written } from "./shared/elements.mjs";
import { logSum } from "./shared/gaussians.mjs";
import { list, numbers, read, word } from "./shared/link.mjs";
import { fetched } from "./shared/networks.mjs";
import { Task } from "./shared/task.mjs";

const TARGETS = { one: "one Gaussian", peaks: "two peaks", banana: "a banana" };
const REACH = 30; // of the grid on the line, which has a step of 0.05
const COUNT = 1201;
const SHARE = 0.1; // of q beyond the valley, from which on it counts as lying on both peaks

/** What the widget computes, without anything that is seen. */
export class Toy {
  constructor(facts) {
    const { one, peaks, banana } = facts.targets;
    this.facts = facts;
    this.targets = {
      one: new Line((z) => logNormal(z, one.mean, one.sd), REACH, COUNT),
      peaks: new Line(
        (z) => logSum(peaks.weights.map((w, k) => Math.log(w) + logNormal(z, peaks.means[k], peaks.sds[k]))),
        REACH, COUNT,
      ),
      banana: new Banana(banana),
    };
  }

  static async read(files) {
    return new Toy(await fetched(files, "kl_toy_facts.json", "json"));
  }

  kl(target, direction, q) {
    return this.targets[target].kl(direction, q);
  }

  /** Both KLs of the one Gaussian by their closed forms. */
  closed({ mean: [m], sd: [s] }) {
    const { mean, sd } = this.facts.targets.one;
    const [shift, ratio] = [(m - mean) ** 2, (s / sd) ** 2];
    return {
      qp: (shift / sd ** 2 + ratio - 1 - Math.log(ratio)) / 2,
      pq: (shift / s ** 2 + 1 / ratio - 1 + Math.log(ratio)) / 2,
    };
  }

  descend(target, direction, q) {
    return descend((at) => this.kl(target, direction, at), q, this.facts.limits);
  }

  /** Where a descent ends. */
  bottom(target, direction, q) {
    return bottom((at) => this.kl(target, direction, at), q, this.facts.limits);
  }

  /** How much of a Gaussian lies left of the valley between the two peaks. */
  left(q) {
    const { grid, logs, step } = this.targets.peaks;
    const [a, b] = this.facts.targets.peaks.means;
    let valley = -1;
    grid.forEach((z, i) => {
      if (z > a && z < b && (valley < 0 || logs[i] < logs[valley])) valley = i;
    });
    let share = 0;
    for (let i = 0; i <= valley; i++) share += step * Math.exp(logGaussian([grid[i]], q));
    return Math.min(share, 1);
  }

  /** Both descents on two peaks from one start: where they end, and which lie on both peaks. */
  compare(q) {
    return Object.fromEntries(DIRECTIONS.map((direction) => {
      const end = this.bottom("peaks", direction, q);
      const left = this.left(end);
      return [direction, { end, left, both: Math.min(left, 1 - left) > SHARE }];
    }));
  }
}

class Curves {
  constructor(toy, el) {
    Object.assign(this, { toy, el, direction: "qp" });
    this.build();
    this.restart("peaks");
    this.ready = true;
  }

  build() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const radios = (name, choices, chosen, onchange) =>
      Object.entries(choices).map(([value, text]) =>
        make("label", {}, make("input", {
          type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value),
        }), ` ${text}`));
    const [target, shown] = [unique("kl-target"), unique("kl-shown")];
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.choices = radios(target, TARGETS, "peaks", (value) => this.restart(value));
    this.plots = new Divergence(this.toy.facts.windows, (change) => this.hand(change));
    this.sliders = make("div.toy-sliders");
    this.brief = make("p.toy-brief", { "aria-hidden": "true" }); // where the cards are far below
    this.caption = make("p.toy-caption");
    this.title = make("p.widget-title");
    this.cards = DIRECTIONS.map((direction) => this.card(direction, shown));
    this.check = make("p.toy-check");
    this.status = make("p.toy-status", { role: "status" });
    const cardsTitle = unique("kl-cards");
    this.el.replaceChildren(
      make("div.toy-choices", { role: "radiogroup", "aria-label": "Target p" },
        make("span.widget-title", {}, "Target p"), ...this.choices),
      make("div.toy-plots", {},
        make("div", { role: "group", "aria-label": "Densities" },
          make("p.widget-title", {}, "Densities: drag q"), this.plots.densities.element, this.brief, this.plots.legend, this.sliders),
        make("div", { role: "group", "aria-label": "Integrand" },
          this.title, this.plots.integrand.element, this.caption)),
      make("div.toy-cards", { role: "radiogroup", "aria-labelledby": cardsTitle },
        make("p.widget-title", { id: cardsTitle }, "Show the integrand of"),
        ...this.cards.map(({ element }) => element)),
      this.status,
      this.check,
      make("div.widget-controls", {},
        make("span.widget-group", {}, "examples:",
          button("q = p (one Gaussian)", () => this.preset("zero")),
          button("mode-seeking fit", () => this.preset("qp")),
          button("mode-covering fit", () => this.preset("pq"))),
        button("Reset q", () => this.restart(this.target))),
      make("p.widget-help", {},
        "Drag the dot to move q and a square to change its standard deviation, or use the sliders. On the line, the KLs are sums over a grid with a step of 0.05; in the plane, over a grid with steps of half a standard deviation."),
      (this.task = this.ask()).element,
      spoken,
    );
  }

  /** The number of one direction, the choice of its integrand, and its descent. */
  card(direction, name) {
    const number = make("strong");
    const bits = make("span.toy-bits");
    const element = make("div.toy-card", {},
      make("label", {}, make("input", {
        type: "radio", name, value: direction, checked: direction === this.direction,
        onchange: () => this.show(direction),
      }), ` ${KLS[direction]}`),
      make("p", {}, number, " nats ", bits),
      make("button", { type: "button", onclick: () => this.descend(direction) }, `Descend ${KLS[direction]}`));
    return { direction, element, number, bits };
  }

  /** What is asked is about the two peaks, whatever the target is. */
  ask() {
    return new Task({
      title: "go down both KLs on the two peaks. Which fit lies on both?",
      questions: [{ choices: { qp: KLS.qp, pq: KLS.pq, both: "both of them", none: "neither" } }],
      work: "Descend both from where q is",
      answer: (judge) => this.answer(judge),
      after: ["Then drag q elsewhere and do it again. Which of the two fits depends on the start?"],
    });
  }

  /** Begin anew with a target. */
  restart(target) {
    this.set(target, this.toy.facts.starts[target]);
  }

  get state() {
    const { target, q: { mean, sd }, direction: shown } = this;
    return { target, mean: list(mean, 4), sd: list(sd, 4), shown };
  }

  restore(link) {
    const { limits, starts } = this.toy.facts;
    const found = read(link, {
      target: word(...Object.keys(TARGETS)), shown: word(...DIRECTIONS),
      mean: numbers([1, 2], limits.mean), sd: numbers([1, 2], limits.sd),
    });
    const { target = "peaks", shown = "qp", mean, sd } = found ?? {};
    const start = starts[target];
    const q = { mean: mean ?? start.mean, sd: sd ?? start.sd };
    if (!found || [q.mean, q.sd].some(({ length }) => length !== start.mean.length)) return;
    this.direction = shown;
    this.set(target, q);
  }

  /** Take a target and a q. */
  set(target, q) {
    if (q.mean.length !== this.q?.mean.length) this.makeSliders(q.mean.length);
    this.aim(target);
    this.move(q);
  }

  /** Take a target and leave q where it is; an answer was about other descents. */
  aim(target) {
    this.stop();
    this.target = target;
    this.ends = {};
    this.task.show();
    this.choices.forEach((label) => {
      const input = label.querySelector("input");
      input.checked = input.value === target;
    });
    this.plots.aim(this.toy.targets[target], TARGETS[target]);
  }

  /** The sliders that do what the handles do. */
  makeSliders(dimensions) {
    const { limits } = this.toy.facts;
    const names = dimensions === 1 ? [""] : [" across", " up"];
    this.ranges = ["mean", "sd"].flatMap((kind) =>
      names.map((where, axis) => {
        const label = `${kind}${where}`;
        const chosen = (value) => this.hand({ [kind]: replaced(this.q[kind], axis, value) });
        return { kind, axis, ...slider(`q: ${label}`, label, limits[kind], chosen) };
      }));
    this.sliders.replaceChildren(...this.ranges.map(({ label }) => label));
  }

  /** The reader moves q by hand. */
  hand(change) {
    this.stop();
    const { limits } = this.toy.facts;
    const q = { ...this.q, ...change };
    this.move({
      mean: q.mean.map((m) => clamp(m, limits.mean)),
      sd: q.sd.map((s) => clamp(s, limits.sd)),
    });
  }

  /** Set q where something is to be seen: at one Gaussian, or at a smallest KL from the target. */
  preset(kind) {
    if (kind === "zero") this.restart("one");
    else {
      this.aim(this.target);
      this.direction = kind;
    }
    const { toy, target } = this;
    if (target === "one") {
      const { mean, sd } = toy.facts.targets.one;
      this.move({ mean: [mean], sd: [sd] });
      this.status.textContent = "One Gaussian is its own fit in both directions: q = p, and both KLs are 0.";
    } else if (kind === "pq") {
      this.move(toy.targets[target].moments());
      const moments = target === "banana" ? "the means and the variances of both coordinates" : "the mean and the variance";
      this.status.textContent = `The mode-covering fit to ${TARGETS[target]} has ${moments} of p.`;
    } else {
      this.move(toy.bottom(target, "qp", toy.facts.seeking[target]));
      this.status.textContent = `The mode-seeking fit to ${TARGETS[target]}: no small step makes ${KLS.qp} smaller.`;
    }
  }

  show(direction) {
    this.direction = direction;
    this.move(this.q);
  }

  /** Go downhill before the reader's eyes; at once where less motion is asked for. */
  descend(direction) {
    this.stop();
    this.direction = direction;
    const path = this.toy.descend(this.target, direction, this.q);
    const before = this.values[direction];
    if (still()) {
      const all = [...path];
      this.move(all.at(-1) ?? this.q);
      return this.arrive(direction, before);
    }
    this.stopDescent = frames(this.el, () => {
      const { value, done } = path.next();
      this.move(value ?? this.q);
      if (done) this.arrive(direction, before);
      return !done;
    });
  }

  /** Say at the end of a descent where it has led, and whether it has led anywhere. */
  arrive(direction, before) {
    const after = this.values[direction];
    this.status.textContent = before - after < 5e-4
      ? `Already at the bottom: no small step makes ${KLS[direction]} smaller.`
      : `At the bottom: no small step makes ${KLS[direction]} smaller than ${this.written(after)} nats.`;
  }

  /** Stop a descent; what was said of the last one is not true of another q. */
  stop() {
    this.stopDescent?.();
    this.stopDescent = null;
    this.status.textContent = "";
  }

  /** Show everything for a q. */
  move(q) {
    this.q = q;
    const { toy, target, direction } = this;
    this.values = Object.fromEntries(DIRECTIONS.map((each) => [each, toy.kl(target, each, q)]));
    this.seen = this.plots.show(q, direction, this.ends);
    for (const { direction: each, element, number, bits } of this.cards) {
      const nats = this.values[each];
      number.textContent = this.written(nats);
      bits.textContent = `= ${this.written(nats / Math.log(2))} bits`;
      element.querySelector("input").checked = each === direction;
      element.dataset.shown = each === direction;
    }
    const brief = DIRECTIONS.map((each) => `${KLS[each]} ${this.written(this.values[each])}`);
    this.brief.textContent = `${brief.join(" · ")} nats`;
    for (const { kind, axis, show } of this.ranges) show(q[kind][axis]);
    this.title.textContent = `Integrand ${INTEGRANDS[direction]}`;
    this.account();
    const words = ["mean", "sd"].map((kind) => `${kind} ${q[kind].map((x) => written(x)).join(" and ")}`);
    const numbers = DIRECTIONS.map((each) => `${KLS[each]} ${written(this.values[each])}`);
    if (this.ready) this.say(`q: ${words.join(", ")}; ${numbers.join(", ")} nats`);
  }

  written(x) {
    return written(Math.max(x, 0), x < 100 ? 3 : 1);
  }

  /** How positive and negative parts make the KL, and the closed form where there is one. */
  account() {
    const { toy, target, direction, q } = this;
    const total = this.values[direction];
    const digits = total < 100 ? 2 : 0;
    // As printed the parts add up: what is rounded is the positive one and the sum.
    const plus = Number(toy.targets[target].positive(direction, q).toFixed(digits));
    const minus = Number((plus - Number(total.toFixed(digits))).toFixed(digits));
    const { fill } = this.plots.integrand;
    const outside = Math.abs(total - this.seen) > 0.02 * (plus + minus) && Math.abs(total - this.seen) > 0.02;
    const more = direction === "qp" ? "q > p" : "p > q";
    const less = direction === "qp" ? "q < p" : "p < q";
    this.caption.replaceChildren(
      make("span", {}, swatch("plus", fill.plus), ` ${more}: +${written(plus, digits)}`),
      make("span", {}, swatch("minus", fill.minus), ` ${less}: −${written(minus, digits)}`),
      make("span", {}, `= ${written(plus - minus, digits)} nats`),
      make("span", {}, outside ? "(part of it lies outside the plot)" : ""),
    );
    this.check.hidden = target !== "one";
    if (target !== "one") return;
    const closed = toy.closed(q);
    const off = Math.max(...DIRECTIONS.map((each) => Math.abs(closed[each] - this.values[each])));
    this.check.textContent = `Closed forms: KL(q‖p) = ${written(closed.qp, 6)}, KL(p‖q) = ${written(closed.pq, 6)} nats. The sums ${off < 5e-7 ? "agree with both to six digits after the point." : `are ${off.toExponential(0)} off.`}`;
  }

  /** Compare the prediction with both descents from where q is now, and say so if the target changes. */
  answer(judge) {
    const elsewhere = this.target === "peaks" ? [] : [this.leave()];
    this.stop();
    const found = this.toy.compare(this.q);
    this.ends = Object.fromEntries(DIRECTIONS.map((each) => [each, found[each].end]));
    const on = DIRECTIONS.filter((each) => found[each].both);
    const right = ["none", on[0], "both"][on.length];
    const percent = (x) => `${Math.round(100 * x)}%`;
    const answers = DIRECTIONS.map((each, i) => {
      const { end, left, both } = found[each];
      const where = both
        ? `on both peaks, ${percent(left)} of it left of the valley and ${percent(1 - left)} right of it`
        : `on the ${left > 0.5 ? "left" : "right"} peak alone`;
      const nats = this.toy.kl("peaks", each, end);
      return make("p", {}, i === 0 ? judge(right) : "",
        `Down ${KLS[each]}: ${written(nats, 3)} nats at mean ${written(end.mean[0])} and sd ${written(end.sd[0])}. This fit lies ${where}.`);
    });
    this.move(this.q);
    return [...answers, ...elsewhere];
  }

  /** Go from another target to the two peaks; return what says so, with the way back. */
  leave() {
    const { target, q } = this;
    const moved = q.mean.length > 1; // a q in the plane has no place on the line
    if (moved) this.restart("peaks");
    else this.aim("peaks");
    const back = () => {
      this.set(target, q);
      this.status.textContent = `The target is ${TARGETS[target]} again, and q is where it was.`;
      this.task.button.focus(); // the way back is gone
    };
    return make("p", {},
      `The question is about two peaks, so p is no longer ${TARGETS[target]}${moved ? ", and q has begun anew on the line" : ""}. `,
      make("button", { type: "button", onclick: back }, `Back to ${TARGETS[target]}`));
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const widget = new Curves(await Toy.read(model.get("files")), el);
    el.widget = widget; // for links, and for tests
    return () => widget.stop();
  },
};
