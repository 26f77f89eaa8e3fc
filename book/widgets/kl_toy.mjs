// One Gaussian q, a target p, and the KL divergence between them in both directions.

import { above, frames, Plot, swatch, unique } from "./shared/curves.mjs";
import {
  Banana, bottom, clamp, descend, DIRECTIONS, even, Line, logGaussian, logNormal,
} from "./shared/densities.mjs";
import { make, replaced, speaker, still, written } from "./shared/elements.mjs";
import { logSum } from "./shared/gaussians.mjs";
import { fetched } from "./shared/networks.mjs";

const TARGETS = { one: "one Gaussian", peaks: "two peaks", banana: "a banana" };
const KLS = { qp: "KL(q‖p)", pq: "KL(p‖q)" };
const INTEGRANDS = { qp: "q log(q/p)", pq: "p log(p/q)" };
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
    Object.assign(this, { toy, el, direction: "qp", ghosts: null });
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
    const window = this.toy.facts.windows.line;
    this.plot = new Plot({ label: "", x: window.x, y: [0, 0.5] });
    this.second = new Plot({ label: "", x: window.x, y: [0, 0.5] });
    this.layers = {};
    for (const kind of ["shade", "p", "ghost qp", "ghost pq", "q"]) this.layers[kind] = this.plot.path(kind);
    for (const kind of ["plus", "minus", "zero", "ink"]) this.layers[kind] = this.second.path(kind);
    const drag = (axis, sign) => (...place) => {
      if (sign === undefined) this.hand({ mean: place.slice(0, this.q.mean.length) });
      else this.hand({ sd: replaced(this.q.sd, axis, (sign * (place[axis] - this.q.mean[axis])) / this.times) });
    };
    this.handles = {
      middle: this.plot.handle("middle", drag()),
      widths: [[0, 1], [0, -1], [1, 1], [1, -1]].map(([axis, sign]) => ({
        axis, sign, handle: this.plot.handle("width", drag(axis, sign)),
      })),
    };
    this.sliders = make("div.toy-sliders");
    this.caption = make("p.toy-caption");
    this.title = make("p.widget-title");
    this.cards = DIRECTIONS.map((direction) => this.card(direction, shown));
    this.check = make("p.toy-check");
    this.legend = make("p.toy-legend");
    this.el.replaceChildren(
      make("div.toy-choices", { role: "radiogroup", "aria-label": "Target p" },
        make("span.widget-title", {}, "Target p"), ...this.choices),
      make("div.toy-plots", {},
        make("div", { role: "group", "aria-label": "Densities" },
          make("p.widget-title", {}, "Densities: drag q"), this.plot.element, this.legend, this.sliders),
        make("div", { role: "group", "aria-label": "Integrand" },
          this.title, this.second.element, this.caption)),
      make("div.toy-cards", { role: "radiogroup", "aria-label": "Integrand shown" },
        ...this.cards.map(({ element }) => element)),
      this.check,
      make("div.widget-controls", {},
        make("span.widget-group", {}, "set q:",
          button("zero", () => this.preset("zero")),
          button("mode-seeking", () => this.preset("qp")),
          button("mode-covering", () => this.preset("pq"))),
        button("Start", () => this.restart(this.target))),
      make("p.widget-help", {},
        "Drag the dot to move q and a square to change its standard deviation, or use the sliders. On the line, the KLs are sums over a grid with a step of 0.05; in the plane, over a grid with steps of half a standard deviation."),
      this.task(),
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

  task() {
    const choices = { qp: KLS.qp, pq: KLS.pq, both: "both of them", none: "neither" };
    const name = unique("kl-guess");
    this.result = make("div.widget-answer", { role: "status" });
    return make("fieldset.widget-task", {},
      make("legend", {}, "Predict, then try: go down both KLs on the two peaks. Which fit lies on both?"),
      make("div.widget-choices", {}, ...Object.entries(choices).map(([value, text]) =>
        make("label", {}, make("input", { type: "radio", name, value }), ` ${text}`))),
      make("button", { type: "button", onclick: () => this.answer() }, "Descend both from where q is"),
      this.result,
      make("p", {}, "Then drag q elsewhere and do it again. Which of the two fits depends on the start?"));
  }

  /** Begin anew with a target. */
  restart(target) {
    const { facts } = this.toy;
    const dimensions = target === "banana" ? 2 : 1;
    if (dimensions !== this.q?.mean.length) this.makeSliders(dimensions);
    this.aim(target);
    this.move(facts.starts[target]);
  }

  /** Take a target and leave q where it is. */
  aim(target) {
    this.stop();
    this.target = target;
    this.ghosts = null;
    this.choices.forEach((label) => {
      const input = label.querySelector("input");
      input.checked = input.value === target;
    });
    this.frame();
  }

  /** The sliders that do what the handles do. */
  makeSliders(dimensions) {
    const { limits } = this.toy.facts;
    const names = dimensions === 1 ? [""] : [" across", " up"];
    this.ranges = ["mean", "sd"].flatMap((kind) =>
      names.map((where, axis) => {
        const label = `${kind === "mean" ? "mean" : "sd"}${where}`;
        const input = make("input", {
          type: "range", min: limits[kind][0], max: limits[kind][1], step: 0.05, "aria-label": `q: ${label}`,
          oninput: () => this.hand({ [kind]: replaced(this.q[kind], axis, Number(input.value)) }),
        });
        const value = make("output", { "aria-hidden": "true" });
        return { kind, axis, label, input, value };
      }));
    this.sliders.replaceChildren(...this.ranges.map(({ label, input, value }) =>
      make("label", {}, make("span", {}, label), input, value)));
  }

  /** What of the plots depends on the target alone. */
  frame() {
    const { toy, target } = this;
    const { facts } = toy;
    const plane = target === "banana";
    const window = plane ? facts.windows.plane : facts.windows.line;
    this.times = plane ? 2 : 1; // standard deviations from the middle at which a width is taken
    for (const plot of [this.plot, this.second]) plot.names = plane ? ["z₁", "z₂"] : ["z", ""];
    this.xs = even(...window.x, plane ? 89 : 281);
    this.ys = plane ? even(...window.y, 71) : null;
    this.handles.widths.slice(2).forEach(({ handle }) => (handle.node.style.display = plane ? "" : "none"));
    this.plot.handles = [this.handles.middle, ...this.handles.widths.slice(0, plane ? 4 : 2).map(({ handle }) => handle)];
    if (plane) {
      const { logP } = toy.targets.banana;
      this.logs = Float64Array.from({ length: this.xs.length * this.ys.length }, (_, n) =>
        logP(this.xs[n % this.xs.length], this.ys[Math.floor(n / this.xs.length)]));
      for (const plot of [this.plot, this.second]) plot.look(window.x, window.y);
    } else {
      this.logs = this.xs.map(toy.targets[target].logP);
    }
    this.plot.element.dataset.plane = this.second.element.dataset.plane = plane;
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

  /** Set q where something is to be seen: at the target, or at a smallest KL. */
  preset(kind) {
    if (kind === "zero") {
      this.restart("one");
      const { mean, sd } = this.toy.facts.targets.one;
      return this.move({ mean: [mean], sd: [sd] });
    }
    if (this.target === "one") this.restart("peaks");
    else this.aim(this.target);
    this.direction = kind;
    this.move(kind === "pq"
      ? this.toy.targets[this.target].moments()
      : this.toy.bottom(this.target, "qp", this.toy.facts.seeking[this.target]));
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
    if (still()) {
      const all = [...path];
      return this.move(all.at(-1) ?? this.q);
    }
    this.stopDescent = frames(this.el, () => {
      const { value, done } = path.next();
      this.move(value ?? this.q);
      return !done;
    });
  }

  stop() {
    this.stopDescent?.();
    this.stopDescent = null;
  }

  /** Show everything for a q. */
  move(q) {
    this.q = q;
    const { toy, target, direction } = this;
    this.values = Object.fromEntries(DIRECTIONS.map((each) => [each, toy.kl(target, each, q)]));
    if (target === "banana") this.drawPlane();
    else this.drawLine();
    for (const { direction: each, element, number, bits } of this.cards) {
      const nats = this.values[each];
      number.textContent = this.written(nats);
      bits.textContent = `= ${this.written(nats / Math.log(2))} bits`;
      element.querySelector("input").checked = each === direction;
      element.dataset.shown = each === direction;
    }
    for (const { kind, axis, input, value } of this.ranges) {
      input.value = q[kind][axis];
      value.textContent = written(q[kind][axis]);
      input.setAttribute("aria-valuetext", written(q[kind][axis]));
    }
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
    const more = direction === "qp" ? "q > p" : "p > q";
    const less = direction === "qp" ? "q < p" : "p < q";
    this.caption.replaceChildren(
      make("span", {}, swatch("plus", this.second.fill.plus), ` ${more}: +${written(plus, digits)}`),
      make("span", {}, swatch("minus", this.second.fill.minus), ` ${less}: −${written(minus, digits)}`),
      make("span", {}, `= ${written(plus - minus, digits)} nats`),
    );
    this.check.hidden = target !== "one";
    if (target !== "one") return;
    const closed = toy.closed(q);
    const off = Math.max(...DIRECTIONS.map((each) => Math.abs(closed[each] - this.values[each])));
    this.check.textContent = `Closed forms: KL(q‖p) = ${written(closed.qp, 6)}, KL(p‖q) = ${written(closed.pq, 6)} nats. The sums ${off < 5e-7 ? "agree with both to six digits after the point." : `are ${off.toExponential(0)} off.`}`;
  }

  drawLine() {
    const { plot, second, layers, xs, q, direction } = this;
    const density = (g) => xs.map((z) => Math.exp(logGaussian([z], g)));
    const [p, curve] = [this.logs.map(Math.exp), density(q)];
    const peak = Math.exp(logGaussian(q.mean, q));
    const ends = DIRECTIONS.map((each) => this.ghosts?.[each].end);
    const highest = Math.max(peak, ...ends.map((end) => (end ? Math.exp(logGaussian(end.mean, end)) : 0)));
    plot.look(this.toy.facts.windows.line.x, [0, Math.max(0.45, 1.12 * highest)]);
    layers.shade.setAttribute("d", plot.over(xs, p));
    layers.p.setAttribute("d", plot.through(xs, p));
    layers.q.setAttribute("d", plot.through(xs, curve));
    DIRECTIONS.forEach((each, i) =>
      layers[`ghost ${each}`].setAttribute("d", ends[i] ? plot.through(xs, density(ends[i])) : ""));
    plot.put(this.handles.middle, q.mean[0], peak);
    for (const { axis, sign, handle } of this.handles.widths)
      if (axis === 0) plot.put(handle, q.mean[0] + sign * q.sd[0], peak * Math.exp(-0.5));
    const integrand = xs.map((z, i) => {
      const logQ = logGaussian([z], q);
      return direction === "qp" ? curve[i] * (logQ - this.logs[i]) : p[i] * (this.logs[i] - logQ);
    });
    const [low, high] = [Math.min(...integrand), Math.max(...integrand)];
    second.look(this.toy.facts.windows.line.x, [Math.min(-0.1, 1.25 * low), Math.max(0.25, 1.15 * high)]);
    layers.plus.setAttribute("d", second.over(xs, integrand.map((f) => Math.max(f, 0))));
    layers.minus.setAttribute("d", second.over(xs, integrand.map((f) => Math.min(f, 0))));
    layers.ink.setAttribute("d", second.through(xs, integrand));
    layers.zero.setAttribute("d", second.through([xs[0], xs.at(-1)], [0, 0]));
    plot.element.setAttribute("aria-label", `Densities over z: the target p, dashed, ${TARGETS[this.target]}; q, solid`);
    second.element.setAttribute("aria-label", `The integrand ${INTEGRANDS[direction]} over z; its negative part is hatched the other way`);
    this.named([["p", "p"], ["q", "q"], ...(this.ghosts ? DIRECTIONS.map((d) => [`ghost ${d}`, `down ${KLS[d]}`]) : [])]);
  }

  drawPlane() {
    const { plot, second, layers, xs, ys, logs, q, direction } = this;
    const [top, steps] = [logs.reduce((a, b) => Math.max(a, b)), [0.5, 1, 1.5, 2, 2.5, 3]];
    this.contours ??= steps.map((r) => above(logs, xs, ys, top - r ** 2 / 2, plot));
    layers.shade.setAttribute("d", "");
    layers.p.setAttribute("d", this.contours.join(""));
    const [x, y] = [plot.right(q.mean[0]), plot.down(q.mean[1])];
    const ellipse = (times) => {
      const [a, b] = [times * (plot.right(q.sd[0]) - plot.right(0)), times * (plot.down(0) - plot.down(q.sd[1]))];
      return `M${x - a} ${y}a${a} ${b} 0 1 0 ${2 * a} 0a${a} ${b} 0 1 0 ${-2 * a} 0Z`;
    };
    layers.q.setAttribute("d", ellipse(1) + ellipse(2));
    for (const each of DIRECTIONS) layers[`ghost ${each}`].setAttribute("d", "");
    plot.put(this.handles.middle, ...q.mean);
    for (const { axis, sign, handle } of this.handles.widths)
      plot.put(handle, ...q.mean.map((m, i) => m + (i === axis ? sign * 2 * q.sd[axis] : 0)));
    const integrand = logs.map((logP, n) => {
      const logQ = logGaussian([xs[n % xs.length], ys[Math.floor(n / xs.length)]], q);
      return direction === "qp" ? Math.exp(logQ) * (logQ - logP) : Math.exp(logP) * (logP - logQ);
    });
    const most = integrand.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const levels = [0.02, 0.1, 0.25, 0.5, 0.75].map((part) => part * most);
    const rings = (values) => levels.map((level) => above(values, xs, ys, level, second)).join("");
    layers.plus.setAttribute("d", rings(integrand));
    layers.minus.setAttribute("d", rings(integrand.map((f) => -f)));
    layers.ink.setAttribute("d", "");
    layers.zero.setAttribute("d", this.contours[3]);
    plot.element.setAttribute("aria-label", "The plane: contours of the target p, a banana; q is an ellipse at one and at two standard deviations");
    second.element.setAttribute("aria-label", `Contours of the integrand ${INTEGRANDS[direction]}; where it is negative they are hatched the other way`);
    this.named([["p", "p"], ["q", "q, at 1 and 2 sd"]]);
  }

  /** Say under the plot which line is which. */
  named(lines) {
    const key = String(lines);
    if (this.legend.dataset.key === key) return;
    this.legend.dataset.key = key;
    this.legend.replaceChildren(...lines.map(([kind, text]) =>
      make("span", {}, swatch(kind), ` ${text}`)));
  }

  /** Compare the prediction with both descents from where q is now. */
  answer() {
    if (this.target !== "peaks") {
      if (this.target === "banana") this.restart("peaks");
      else this.aim("peaks");
    }
    this.stop();
    const guess = this.el.querySelector(".widget-choices input:checked")?.value;
    this.ghosts = this.toy.compare(this.q);
    const on = DIRECTIONS.filter((each) => this.ghosts[each].both);
    const right = ["none", on[0], "both"][on.length];
    const verdict = guess === undefined ? "" : guess === right ? "Right. " : "Not quite. ";
    const percent = (x) => `${Math.round(100 * x)}%`;
    this.result.replaceChildren(
      ...DIRECTIONS.map((each, i) => {
        const { end, left, both } = this.ghosts[each];
        const where = both
          ? `on both peaks, ${percent(left)} of it left of the valley and ${percent(1 - left)} right of it`
          : `on the ${left > 0.5 ? "left" : "right"} peak alone`;
        const nats = this.toy.kl("peaks", each, end);
        return make("p", {}, make("strong", {}, i === 0 ? verdict : ""),
          `Down ${KLS[each]}: ${written(nats, 3)} nats at mean ${written(end.mean[0])} and sd ${written(end.sd[0])}. This fit lies ${where}.`);
      }),
    );
    this.move(this.q);
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const widget = new Curves(await Toy.read(model.get("files")), el);
    el.widget = widget; // for tests
    return () => widget.stop();
  },
};
