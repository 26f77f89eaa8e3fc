// The curves of a training: two small plots, one above the other, in plain SVG.

import { draw } from "./curves.mjs";
import { AN_EPOCH } from "./training.mjs";

const KEPT = 600; // points; then every other one goes

/** D and R over the steps: two small plots, one above the other, in plain SVG. */
export class Curves {
  constructor({ mean_image, floor }) {
    Object.assign(this, { last: [], levels: { "mean image": mean_image, floor } });
    this.svg = draw("svg", {
      viewBox: "0 0 300 300", class: "lab-curves", role: "img",
    });
    this.clear();
  }

  /** Begin anew; what was there stays as a faint line to compare with. */
  clear() {
    if (this.points?.length > 2) this.last = this.points;
    this.points = [];
  }

  /** A plain autoencoder has no rate, so its `test.R` is missing. */
  add({ step, means, test }) {
    this.points.push({ step, ...test, trainD: means?.D, trainR: test.R && means?.R });
    if (this.points.length > KEPT) this.points = this.points.filter((_, i) => i % 2 === 0);
  }

  draw() {
    const { points, last } = this;
    const all = [...points, ...last];
    const round = (x, list) => list.find((limit) => limit >= x) ?? Math.ceil(x / 100) * 100;
    const most = (key) => all.reduce((top, point) => Math.max(top, point[key] ?? 0), 0);
    const epochs = round(most("step") / AN_EPOCH, [1, 2, 5, 10, 20, 50]);
    const rates = round(most("R"), [5, 10, 20, 50]);
    const x = (step) => 34 + (258 * step) / (epochs * AN_EPOCH);
    const rated = points.at(-1).R !== undefined; // else a plain autoencoder
    const shown = `Distortion${rated ? " and rate" : ""} over the steps`;
    this.svg.setAttribute("aria-label", `${shown}; the numbers below say where it stands now`);
    const plots = [
      { key: "D", train: "trainD", top: 18, bottom: rated ? 172 : 268, low: 50, high: 140, ticks: [60, 100, 140], title: "distortion D, nats" },
      { key: "R", train: "trainR", top: 204, bottom: 268, low: 0, high: rates, ticks: [0, rates], title: "rate R, nats" },
    ].filter(({ key }) => key === "D" || rated);
    const parts = [];
    for (const { key, train, top, bottom, low, high, ticks, title } of plots) {
      const y = (value) => bottom - ((bottom - top) * (Math.min(value, high) - low)) / (high - low);
      const path = (list, name) => {
        const known = list.filter((point) => point[name] !== undefined);
        return known.map((point, i) => `${i ? "L" : "M"}${x(point.step).toFixed(1)} ${y(point[name]).toFixed(1)}`).join("");
      };
      parts.push(
        draw("path", { d: `M34 ${top}V${bottom}H292`, class: "lab-axis" }),
        draw("text", { x: 34, y: top - 6 }, title),
        ...ticks.map((value) => draw("text", { x: 30, y: y(value) + 4, "text-anchor": "end" }, value)),
      );
      if (key === "D")
        for (const [name, level] of Object.entries(this.levels))
          parts.push(
            draw("path", { d: `M34 ${y(level)}H292`, class: "lab-level" }),
            draw("text", { x: 291, y: y(level) - 4, "text-anchor": "end", class: "lab-word" }, name),
          );
      parts.push(
        draw("path", { d: path(last, key), class: "lab-last" }),
        draw("path", { d: path(points, train), class: "lab-train" }),
        draw("path", { d: path(points, key), class: "lab-test" }),
      );
      const end = points.at(-1);
      parts.push(draw("circle", { cx: x(end.step), cy: y(end[key]), r: 3.5, class: "lab-end" }));
    }
    parts.push(
      draw("text", { x: 34, y: 284, "text-anchor": "middle" }, 0),
      draw("text", { x: 292, y: 284, "text-anchor": "end" }, `${epochs} epoch${epochs > 1 ? "s" : ""}`),
    );
    this.svg.replaceChildren(...parts);
  }
}
