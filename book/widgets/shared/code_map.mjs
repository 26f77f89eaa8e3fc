// Maps of codes of two numbers, with a marker for each class.

import { ticks } from "./curves.mjs";
import { isDark, make, onceAFrame, onLook } from "./elements.mjs";
import { colours, GROUND, OPACITY, outline } from "./markers.mjs";

/** A square map of codes with the marker of each class, which follows the look of the page. */
export class CodeMap {
  constructor(name, labels) {
    Object.assign(this, { labels, codes: null, lit: null });
    this.canvas = make("canvas.lab-map", { role: "img", "aria-label": name });
    this.redraw = onceAFrame(this.canvas, () => this.draw());
    this.shapes = colours().map((_, label) => new Path2D(outline(label, 0, 0, 1)));
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    onLook(() => this.redraw());
  }

  /** Show codes in a window {x, y, reach}, and circles if they have a prior. */
  show(codes, window, prior) {
    Object.assign(this, { codes, window, prior });
    this.redraw();
  }

  /** Bring out one class; null: all of them. */
  light(label) {
    this.lit = label;
    this.redraw();
  }

  draw() {
    const { canvas } = this;
    const size = canvas.clientWidth;
    if (!size || !this.codes) return;
    const { x: left, y: down, reach } = this.window;
    const scale = devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(size * scale);
    const context = canvas.getContext("2d");
    const place = (x, y) =>
      [((1 + (x - left) / reach) * size) / 2, ((1 - (y - down) / reach) * size) / 2];
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
    for (const r of this.prior ? [1, 2, 3] : []) {
      context.beginPath();
      context.arc(...place(0, 0), (r * size) / (2 * reach), 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    this.drawAxes(context, size, place, ground);
  }

  /** Numbers along the lower and the left edge, and the names of both latents. */
  drawAxes(context, size, place, ground) {
    const { x, y, reach } = this.window;
    Object.assign(context, { font: "11px system-ui, sans-serif", lineWidth: 3, strokeStyle: ground });
    const write = (text, across, down, textAlign, textBaseline) => {
      Object.assign(context, { textAlign, textBaseline });
      context.strokeText(text, across, down);
      context.fillText(text, across, down);
    };
    const free = (at) => at > 30 && at < size - 30; // of the corners
    for (const [value, text] of ticks(x - reach, x + reach, 6)) {
      const [at] = place(value, 0);
      if (!free(at)) continue;
      context.fillRect(at, size - 4, 1, 4);
      write(text, at, size - 5, "center", "bottom");
    }
    for (const [value, text] of ticks(y - reach, y + reach, 6)) {
      const [, at] = place(0, value);
      if (!free(at)) continue;
      context.fillRect(0, at, 4, 1);
      write(text, 7, at, "left", "middle");
    }
    write("z₁", size - 6, size - 5, "right", "bottom");
    write("z₂", 7, 6, "left", "top");
  }
}
