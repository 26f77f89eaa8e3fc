// A window into the plane of codes: the exact posterior as heat, and a Gaussian that can be dragged.

import { isDark, make, onceAFrame, onLook } from "./elements.mjs";

const CELLS = 41;

export class Lens {
  /**
   * @param {object} options
   * @param {(x: number, y: number) => void} options.center  the reader drags the middle of q
   * @param {(axis: number, sd: number) => void} options.width  the reader drags one of its widths
   */
  constructor({ center, width }) {
    Object.assign(this, { moveCenter: center, moveWidth: width, q: null, density: null, samples: [] });
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
      if (event.button || !this.q) return;
      canvas.setPointerCapture(event.pointerId);
      const [x, y] = at(event);
      const near = this.handles().findIndex(
        ([hx, hy]) => Math.hypot(x - hx, y - hy) < (14 / this.size) * 2 * this.window.half,
      );
      this.held = near < 0 ? null : near % 2;
      if (near < 0) this.moveCenter(x, y);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const place = at(event);
      if (this.held === null) this.moveCenter(...place);
      else this.moveWidth(this.held, Math.abs(place[this.held] - this.q.mean[this.held]) / 2);
    });
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
