// Two plots of a KL divergence: the densities p and q, whose q can be dragged, and the integrand.
// In the plane, p is a set of contours, q an ellipse, and the integrand filled contours.

import { above, Plot, swatch } from "./curves.mjs";
import { DIRECTIONS, even, logGaussian } from "./densities.mjs";
import { make, replaced } from "./elements.mjs";

export const KLS = { qp: "KL(q‖p)", pq: "KL(p‖q)" };
export const INTEGRANDS = { qp: "q log(q/p)", pq: "p log(p/q)" };
const RADII = [0.5, 1, 1.5, 2, 2.5, 3]; // of the contours of p, in its standard deviations
const SHARES = [0.02, 0.1, 0.25, 0.5, 0.75]; // of the largest integrand: the levels of its contours

export class Divergence {
  /**
   * @param {object} windows  what is shown: of the line {x}, of the plane {x, y}
   * @param {(change: {mean?: number[], sd?: number[]}) => void} moved  the reader drags q
   */
  constructor(windows, moved) {
    Object.assign(this, { windows, legend: make("p.toy-legend.toy-lines") });
    [this.densities, this.integrand] = [0, 1].map(() => new Plot({ label: "", x: windows.line.x, y: [0, 0.5] }));
    this.layers = {};
    for (const kind of ["shade", "p", "ghost qp", "ghost pq", "q"])
      this.layers[kind] = this.densities.path(kind);
    for (const kind of ["plus", "minus", "zero", "ink"]) this.layers[kind] = this.integrand.path(kind);
    this.middle = this.densities.handle("middle", (...place) => moved({ mean: place.slice(0, this.q.mean.length) }));
    this.widths = [[0, 1], [0, -1], [1, 1], [1, -1]].map(([axis, sign]) => ({
      axis, sign,
      handle: this.densities.handle("width", (...place) => {
        const sd = (sign * (place[axis] - this.q.mean[axis])) / this.times;
        moved({ sd: replaced(this.q.sd, axis, sd) });
      }),
    }));
  }

  /** Show another target, on the line or in the plane. */
  aim(target, name) {
    const { densities, integrand, widths } = this;
    const plane = target.dimensions === 2;
    const { x, y } = this.windows[plane ? "plane" : "line"];
    Object.assign(this, { name, plane, times: plane ? 2 : 1 }); // in sds: where a width is taken
    this.xs = even(...x, plane ? 89 : 281);
    this.ys = plane ? even(...y, 71) : [0];
    const cell = (places) => (places.length > 1 ? places[1] - places[0] : 1);
    this.cell = cell(this.xs) * cell(this.ys);
    this.logs = this.everywhere((...z) => target.logP(...z));
    densities.handles = [this.middle, ...widths.slice(0, 2 * target.dimensions).map(({ handle }) => handle)];
    for (const { axis, handle } of widths) handle.node.style.display = axis < target.dimensions ? "" : "none";
    for (const plot of [densities, integrand]) {
      plot.names = plane ? ["z₁", "z₂"] : ["z", ""];
      plot.element.dataset.plane = plane;
      if (plane) plot.look(x, y);
    }
    for (const path of Object.values(this.layers)) path.setAttribute("d", "");
    if (plane) {
      const top = this.logs.reduce((a, b) => Math.max(a, b));
      this.rings = RADII.map((r) => above(this.logs, this.xs, this.ys, top - r ** 2 / 2, densities));
      this.set("p", this.rings.join(""));
      this.set("zero", this.rings[3]);
    }
  }

  /** The values of a function of the place at all places that are shown, row by row from below. */
  everywhere(f) {
    const { xs, ys } = this;
    return Float64Array.from({ length: xs.length * ys.length }, (_, n) =>
      f(xs[n % xs.length], ys[Math.floor(n / xs.length)]));
  }

  set(layer, d) {
    this.layers[layer].setAttribute("d", d);
  }

  /**
   * Show a q, the integrand of a direction, and perhaps where descents have ended.
   * Return how much of the KL is in the plot.
   */
  show(q, direction, ends = {}) {
    this.q = q;
    const logQ = this.everywhere((...z) => logGaussian(z.slice(0, q.mean.length), q));
    const values = this.logs.map((logP, n) =>
      direction === "qp" ? Math.exp(logQ[n]) * (logQ[n] - logP) : Math.exp(logP) * (logP - logQ[n]));
    if (this.plane) this.drawPlane(q, values);
    else this.drawLine(q, logQ, values, ends);
    const ghosts = DIRECTIONS.filter((each) => ends[each]).map((each) => [`ghost ${each}`, `down ${KLS[each]}`]);
    this.explain([["p", "p"], ["q", this.plane ? "q, at 1 and 2 sd" : "q"], ...ghosts]);
    const where = this.plane ? "in the plane" : "over z";
    this.densities.element.setAttribute("aria-label", `Densities ${where}: the target p, dashed, ${this.name}; q, solid`);
    this.integrand.element.setAttribute("aria-label", `The integrand ${INTEGRANDS[direction]} ${where}; its negative part is hatched the other way`);
    return this.cell * values.reduce((sum, value) => sum + value);
  }

  drawLine(q, logQ, values, ends) {
    const { densities, integrand, xs } = this;
    const { x } = this.windows.line;
    const height = (g) => Math.exp(logGaussian(g.mean, g));
    const peak = height(q);
    densities.look(x, [0, Math.max(0.45, ...[q, ...Object.values(ends)].map((g) => 1.12 * height(g)))]);
    const p = this.logs.map(Math.exp);
    this.set("shade", densities.over(xs, p));
    this.set("p", densities.through(xs, p));
    this.set("q", densities.through(xs, logQ.map(Math.exp)));
    for (const each of DIRECTIONS) {
      const end = ends[each];
      this.set(`ghost ${each}`, end ? densities.through(xs, xs.map((z) => Math.exp(logGaussian([z], end)))) : "");
    }
    densities.put(this.middle, q.mean[0], peak);
    for (const { sign, handle } of this.widths.slice(0, 2))
      densities.put(handle, q.mean[0] + sign * q.sd[0], peak * Math.exp(-0.5));
    integrand.look(x, [Math.min(-0.1, 1.25 * Math.min(...values)), Math.max(0.25, 1.15 * Math.max(...values))]);
    this.set("plus", integrand.over(xs, values.map((f) => Math.max(f, 0))));
    this.set("minus", integrand.over(xs, values.map((f) => Math.min(f, 0))));
    this.set("ink", integrand.through(xs, values));
    this.set("zero", integrand.through(x, [0, 0]));
  }

  drawPlane(q, values) {
    const { densities, integrand, xs, ys } = this;
    const [x, y] = [densities.right(q.mean[0]), densities.down(q.mean[1])];
    const ellipse = (times) => {
      const a = times * (densities.right(q.sd[0]) - densities.right(0));
      const b = times * (densities.down(0) - densities.down(q.sd[1]));
      return `M${x - a} ${y}a${a} ${b} 0 1 0 ${2 * a} 0a${a} ${b} 0 1 0 ${-2 * a} 0Z`;
    };
    this.set("q", ellipse(1) + ellipse(2));
    densities.put(this.middle, ...q.mean);
    for (const { axis, sign, handle } of this.widths)
      densities.put(handle, ...q.mean.map((m, i) => m + (i === axis ? sign * 2 * q.sd[axis] : 0)));
    const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const rings = (heights) =>
      SHARES.map((share) => above(heights, xs, ys, share * most, integrand)).join("");
    this.set("plus", rings(values));
    this.set("minus", rings(values.map((f) => -f)));
  }

  /** Say under the plot which line is which. */
  explain(lines) {
    const key = String(lines);
    if (this.explained === key) return;
    this.explained = key;
    this.legend.replaceChildren(...lines.map(([kind, text]) => make("span", {}, swatch(kind), ` ${text}`)));
  }
}
