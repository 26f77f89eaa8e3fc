// A board of grey pixels to paint on: by pointer, or by keys with a cursor that moves from cell to cell.

import { make, onceAFrame, onLook } from "./elements.mjs";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Board {
  /**
   * @param {number} side  pixels in a row
   * @param {(ended: boolean, where: string) => void} changed  called after the reader has painted:
   *   at most once a frame as long as a stroke lasts, and when it has ended. `where` is for speech.
   * @param {(text: string) => void} say  tells where the cursor is
   */
  constructor(side, changed, say) {
    Object.assign(this, { side, changed, say, pixels: new Float32Array(side * side), past: [] });
    Object.assign(this, { cursor: [side >> 1, side >> 1], tool: 0, framed: false, last: null });
    this.canvas = make("canvas.board", {
      tabIndex: 0, role: "application", "aria-roledescription": "picture to paint on",
      width: 16 * side, height: 16 * side,
    });
    const soon = onceAFrame(this.canvas, () => this.last && changed(false, ""));
    // The frame of the cursor is for the keyboard: a pointer shows by itself where it is.
    this.canvas.addEventListener("focus", () => this.frame(this.canvas.matches(":focus-visible")));
    this.canvas.addEventListener("blur", () => this.frame(false));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((x) =>
        Math.max(0, Math.min(side - 1, Math.floor((x * side) / box.width))),
      );
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.framed = false;
      this.remember();
      this.stroke(at(event));
      soon();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.last && this.canvas.hasPointerCapture(event.pointerId) && this.stroke(at(event))) soon();
    });
    this.canvas.addEventListener("lostpointercapture", () => {
      if (!this.last) return;
      this.last = null;
      changed(true, "");
    });
    onLook(() => this.draw());
  }

  /** Show another garment; what was painted before is forgotten. */
  load(pixels) {
    this.pixels = Float32Array.from(pixels);
    this.past = [];
    this.last = null;
    this.draw();
  }

  frame(on) {
    this.framed = on;
    this.draw();
  }

  remember() {
    this.past.push(Float32Array.from(this.pixels));
    if (this.past.length > 50) this.past.shift();
  }

  undo() {
    if (!this.past.length) return;
    this.pixels = this.past.pop();
    this.draw();
    this.changed(true, "Undone");
  }

  /** Make everything black; the reader can take it back. */
  clear() {
    this.remember();
    this.pixels.fill(0);
    this.draw();
    this.changed(true, "Cleared");
  }

  /** Paint on to a cell, in a line from the last one; false if that is where the brush is already. */
  stroke([x, y]) {
    const [a, b] = this.last ?? [x, y];
    const steps = Math.max(Math.abs(x - a), Math.abs(y - b));
    if (this.last && !steps) return false;
    for (let k = 0; k <= steps; k++) {
      const part = steps && k / steps;
      this.brush([Math.round(a + part * (x - a)), Math.round(b + part * (y - b))], 1);
    }
    this.last = this.cursor = [x, y];
    this.draw();
    return true;
  }

  /** Set a cell, and with a radius its neighbours, to the brightness of the tool. */
  brush([x, y], radius, value = this.tool) {
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++) {
        const inside = x + dx >= 0 && x + dx < this.side && y + dy >= 0 && y + dy < this.side;
        if (inside && Math.abs(dx) + Math.abs(dy) <= radius)
          this.pixels[(y + dy) * this.side + x + dx] = value;
      }
  }

  /** Where the cursor is and what is there, in words. */
  get where() {
    const [x, y] = this.cursor;
    const grey = Math.round(100 * this.pixels[y * this.side + x]);
    return `row ${y + 1}, column ${x + 1}: brightness ${grey} %`;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    const key = event.key.toLowerCase();
    if (step) {
      this.cursor = this.cursor.map((x, i) => (x + step[i] + this.side) % this.side);
      this.say(this.where);
    } else if (key === " " || key === "x") {
      this.remember();
      this.brush(this.cursor, 0, key === "x" ? 0 : 1);
      this.changed(true, this.where);
    } else if (key === "u") this.undo();
    else return;
    event.preventDefault();
    this.frame(true);
  }

  draw() {
    const context = this.canvas.getContext("2d");
    this.pixels.forEach((value, n) => {
      const grey = Math.round(255 * value);
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect(16 * (n % this.side), 16 * Math.floor(n / this.side), 16, 16);
    });
    if (!this.framed) return;
    const [x, y] = this.cursor;
    for (const [colour, width] of [["#000", 5], ["#ffb454", 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(16 * x + 2, 16 * y + 2, 12, 12);
    }
  }
}
