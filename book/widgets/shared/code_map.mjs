// Maps of codes of two numbers, with a marker for each class.

import { isDark, make, onceAFrame, onLook } from "./elements.mjs";
import { colours, GROUND, OPACITY, outline } from "./markers.mjs";

/** A square map of codes with the marker of each class, which follows the look of the page. */
export class CodeMap {
  constructor(name, labels) {
    Object.assign(this, { labels, codes: null, reach: 3, lit: null });
    this.canvas = make("canvas.lab-map", { role: "img", "aria-label": name });
    this.redraw = onceAFrame(this.canvas, () => this.draw());
    this.shapes = colours().map((_, label) => new Path2D(outline(label, 0, 0, 1)));
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    onLook(() => this.redraw());
  }

  show(codes, reach) {
    Object.assign(this, { codes, reach });
    this.redraw();
  }

  /** Bring out one class; null: all of them. */
  light(label) {
    this.lit = label;
    this.redraw();
  }

  draw() {
    const { canvas, reach } = this;
    const size = canvas.clientWidth;
    if (!size || !this.codes) return;
    const scale = devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(size * scale);
    const context = canvas.getContext("2d");
    const place = (x, y) => [((1 + x / reach) * size) / 2, ((1 - y / reach) * size) / 2];
    const base = () => context.setTransform(scale, 0, 0, scale, 0, 0);
    base();
    const [ground, ink] = isDark() ? [GROUND.dark, "#a7adb5"] : [GROUND.light, "#5f6670"];
    context.fillStyle = ground;
    context.fillRect(0, 0, size, size);
    const dyes = colours();
    const radius = Math.max(2.2, size / 95);
    this.labels.forEach((label, n) => {
      const bright = this.lit === null || this.lit === label;
      const [x, y] = place(this.codes[2 * n], this.codes[2 * n + 1]);
      context.setTransform(scale * radius, 0, 0, scale * radius, scale * x, scale * y);
      context.globalAlpha = bright ? OPACITY : 0.1;
      context.fillStyle = dyes[label];
      context.fill(this.shapes[label]);
    });
    base();
    context.globalAlpha = 1;
    context.strokeStyle = context.fillStyle = ink;
    context.setLineDash([2, 4]);
    for (const r of [1, 2, 3]) {
      context.beginPath();
      context.arc(...place(0, 0), (r * size) / (2 * reach), 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "bottom";
    for (const [text, align, x] of [[`−${reach}`, "left", 5], [`${reach}`, "right", size - 5]]) {
      context.textAlign = align;
      context.lineWidth = 3;
      context.strokeStyle = ground;
      context.strokeText(text, x, size - 4);
      context.fillText(text, x, size - 4);
    }
  }
}
