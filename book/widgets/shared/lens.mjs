// A window into the plane of codes: the exact posterior as heat, and a Gaussian that can be dragged.

import { isDark, make, onceAFrame, onLook, written } from "./elements.mjs";

const CELLS = 41;
const GRASP = { mouse: 14, pen: 22, touch: 22 }; // pixels from a handle at which a press takes it

export class Lens {
  /**
   * @param {object} options
   * @param {(x: number, y: number) => void} options.center  the reader drags the middle of q
   * @param {(axis: number, sd: number) => void} options.width  the reader drags one of its widths
   * @param {() => void} options.release  the reader lets go of it
   */
  constructor({ center, width, release }) {
    Object.assign(this, { moveCenter: center, moveWidth: width, release, q: null, density: null, samples: [], held: null });
    this.window = { x: 0, y: 0, half: 1 };
    this.canvas = make("canvas", { role: "img", "aria-label": "Posterior and encoder, enlarged" });
    this.redraw = onceAFrame(this.canvas, () => this.draw());
    new ResizeObserver(() => {
      this.size = this.canvas.clientWidth;
      this.canvas.width = this.canvas.height = Math.round(this.size * (devicePixelRatio || 1));
      this.redraw();
    }).observe(this.canvas);
    onLook(() => this.redraw());
    this.listen();
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const { x, y, half } = this.window;
      return [
        x + ((2 * (event.clientX - box.left)) / box.width - 1) * half,
        y + (1 - (2 * (event.clientY - box.top)) / box.height) * half,
      ];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !event.isPrimary || !this.q) return;
      const place = at(event);
      this.held = this.taken(place, GRASP[event.pointerType]);
      if (this.held === null) {
        if (event.pointerType !== "mouse") return; // a finger scrolls the page
        this.held = "middle";
        this.moveCenter(...place);
      }
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("lostpointercapture", () => {
      this.held = null;
      this.release();
    });
    // A finger on the ellipse drags it, also upwards, where the page would scroll.
    const stay = (event) => {
      const [touch] = event.touches;
      if (this.q && this.taken(at(touch), GRASP.touch) !== null) event.preventDefault();
    };
    canvas.addEventListener("touchstart", stay, { passive: false });
    canvas.addEventListener("pointermove", (event) => {
      if (this.held === null || !canvas.hasPointerCapture(event.pointerId)) return;
      const place = at(event);
      if (this.held === "middle") this.moveCenter(...place);
      else this.moveWidth(this.held, Math.abs(place[this.held] - this.q.mean[this.held]) / 2);
    });
  }

  /** What a press takes: the width of an axis (0 or 1), the "middle" of the ellipse, or nothing (null). */
  taken([x, y], pixels) {
    const { mean, sd } = this.q;
    const grasp = (pixels / this.size) * 2 * this.window.half;
    const away = (place) => Math.hypot(x - place[0], y - place[1]);
    const distances = this.handles().map(away);
    const least = Math.min(...distances);
    if (least < grasp && least < away(mean)) return distances.indexOf(least) % 2;
    const inside = ((x - mean[0]) / sd[0]) ** 2 + ((y - mean[1]) / sd[1]) ** 2 < 4;
    return inside || away(mean) < grasp ? "middle" : null;
  }

  /** Where the widths can be taken: two standard deviations from the middle. */
  handles() {
    const { mean, sd } = this.q;
    return [
      [mean[0] + 2 * sd[0], mean[1]], [mean[0], mean[1] + 2 * sd[1]],
      [mean[0] - 2 * sd[0], mean[1]], [mean[0], mean[1] - 2 * sd[1]],
    ];
  }

  /** Codes of an even grid over a window, row by row from the top: (n · 2). */
  static grid({ x, y, half }) {
    const codes = new Float32Array(2 * CELLS * CELLS);
    for (let n = 0; n < CELLS * CELLS; n++) {
      codes[2 * n] = x + half * ((2 * (n % CELLS) + 1) / CELLS - 1);
      codes[2 * n + 1] = y - half * ((2 * Math.floor(n / CELLS) + 1) / CELLS - 1);
    }
    return codes;
  }

  /** Show a window, and the relative density of the posterior on its grid; null hides it. */
  look(window, density) {
    Object.assign(this, { window, density });
    this.redraw();
  }

  pixel([x, y]) {
    const { window, size } = this;
    return [
      (size * (1 + (x - window.x) / window.half)) / 2,
      (size * (1 - (y - window.y) / window.half)) / 2,
    ];
  }

  draw() {
    if (!this.size || !this.q) return;
    const { canvas, size } = this;
    const context = canvas.getContext("2d");
    const scale = canvas.width / size;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const dark = isDark();
    const ink = dark ? "#f2f4f7" : "#14181e";
    context.fillStyle = dark ? "#0b0d10" : "#fff";
    context.fillRect(0, 0, size, size);
    if (this.density) this.drawDensity(context, dark);
    this.drawPrior(context, ink);
    const [x, y] = this.pixel(this.q.mean);
    context.strokeStyle = dark ? "#ffb454" : "#a33b00";
    for (const [times, width] of [[1, 2.5], [2, 1.5]]) {
      const [rx, ry] = this.q.sd.map((sd) => (times * sd * size) / (2 * this.window.half));
      context.lineWidth = width;
      context.beginPath();
      context.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
      context.stroke();
    }
    context.lineWidth = 1.5;
    for (const sample of this.samples) {
      const [a, b] = this.pixel(sample);
      context.beginPath();
      context.moveTo(a - 4, b - 4);
      context.lineTo(a + 4, b + 4);
      context.moveTo(a + 4, b - 4);
      context.lineTo(a - 4, b + 4);
      context.stroke();
    }
    for (const handle of this.handles()) {
      const [a, b] = this.pixel(handle);
      context.fillStyle = dark ? "#0b0d10" : "#fff";
      context.fillRect(a - 5, b - 5, 10, 10);
      context.strokeRect(a - 5, b - 5, 10, 10);
    }
    this.drawBounds(context, dark ? ["#0b0d10", "#a7adb5"] : ["#fff", "#5f6670"]);
  }

  /** The codes of two corners. */
  drawBounds(context, [ground, ink]) {
    const { size } = this;
    const { x, y, half } = this.window;
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 3;
    for (const [sign, align, across, baseline, down] of [
      [-1, "left", 5, "bottom", size - 4], [1, "right", size - 5, "top", 5],
    ]) {
      const text = `(${written(x + sign * half)}, ${written(y + sign * half)})`;
      Object.assign(context, { textAlign: align, textBaseline: baseline, strokeStyle: ground, fillStyle: ink });
      context.strokeText(text, across, down);
      context.fillText(text, across, down);
    }
  }

  /** Heat, and hatching where the density is above a tenth of its peak: not by colour alone. */
  drawDensity(context, dark) {
    const cell = this.size / CELLS;
    this.heat ??= make("canvas", { width: CELLS, height: CELLS });
    const image = new ImageData(CELLS, CELLS);
    const colour = dark ? [63, 140, 255] : [11, 87, 183];
    this.density.forEach((value, n) => image.data.set([...colour, 255 * Math.sqrt(value)], 4 * n));
    this.heat.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(this.heat, 0, 0, this.size, this.size);
    context.strokeStyle = dark ? "#0b0d10b0" : "#ffffffb0";
    context.lineWidth = 1;
    context.beginPath();
    this.density.forEach((value, n) => {
      const [column, row] = [n % CELLS, Math.floor(n / CELLS)];
      if (value < 0.1 || (column + row) % 3) return;
      context.moveTo(column * cell, (row + 1) * cell);
      context.lineTo((column + 1) * cell, row * cell);
    });
    context.stroke();
  }

  /** Circles of the prior with the radii 1, 2 and 3. */
  drawPrior(context, ink) {
    const [x, y] = this.pixel([0, 0]);
    context.strokeStyle = ink;
    context.setLineDash([2, 5]);
    context.lineWidth = 1;
    for (const radius of [1, 2, 3]) {
      context.beginPath();
      context.arc(x, y, (radius * this.size) / (2 * this.window.half), 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  }
}
