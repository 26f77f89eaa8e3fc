// A map of a code of two numbers: drag the point, use the arrow keys, or two native sliders.

import { isDark, make, onceAFrame, onLook, paint, replaced, written } from "./elements.mjs";
import { colours, GROUND, OPACITY, outline } from "./markers.mjs";

const GRASP = 30; // pixels from the ring at which a finger takes it
const SLIP = 10; // pixels that a finger may slip while it taps
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Plane {
  /**
   * @param {object} options
   * @param {string} options.name   what the map shows, for its label
   * @param {number[]} options.reach  the map shows −reach … reach in both directions
   * @param {string[]} options.axes   names of the two sliders
   * @param {(place: number[]) => void} options.moved  called when the reader moves the point
   * @param {Record<string, () => void>} options.keys  further keys, by `KeyboardEvent.key`
   */
  constructor({ name, reach, axes, moved, keys = {} }) {
    Object.assign(this, { reach, moved, keys, place: [0, 0], dots: [], marks: [], sheet: null, lit: null });
    this.canvas = make("canvas", {
      tabIndex: 0, role: "application", "aria-roledescription": "map", "aria-label": name,
    });
    this.ranges = axes.map((axis, i) =>
      make("input", {
        type: "range", min: -reach, max: reach, step: 0.05, "aria-label": `${name}: ${axis}`,
        oninput: (event) => this.choose(replaced(this.place, i, Number(event.target.value))),
      }),
    );
    const sliders = this.ranges.map((range, i) => make("label", {}, make("span", {}, axes[i]), range));
    this.element = make("div.plane", {}, this.canvas, make("div.plane-sliders", {}, ...sliders));
    this.redraw = onceAFrame(this.canvas, () => this.draw());
    this.listen();
    for (const kind of ["pointerdown", "keydown", "change"])
      this.element.addEventListener(kind, (event) => this.begin(event), true);
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    onLook(() => this.repaint());
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top) / box.height;
      return [(2 * x - 1) * this.reach, (1 - 2 * y) * this.reach];
    };
    const beside = (event) => {
      const [x, y] = at(event);
      const away = Math.hypot(x - this.place[0], y - this.place[1]);
      return (away * this.size) / (2 * this.reach) > GRASP;
    };
    let [held, tap] = [false, null];
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      // A finger beside the ring scrolls the page, or taps.
      tap = event.pointerType === "touch" && beside(event) ? event : null;
      if (tap) return;
      held = true;
      canvas.setPointerCapture(event.pointerId);
      this.choose(at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (held && event.isPrimary) this.choose(at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (tap?.pointerId !== event.pointerId) return;
      const slip = Math.hypot(event.clientX - tap.clientX, event.clientY - tap.clientY);
      tap = null;
      if (slip < SLIP) this.choose(at(event));
    });
    canvas.addEventListener("pointercancel", () => (tap = null));
    canvas.addEventListener("lostpointercapture", () => (held = false));
    // A finger on the ring drags it, also upwards, where the page would scroll.
    const stay = (event) => {
      if (!beside(event.touches[0])) event.preventDefault();
    };
    canvas.addEventListener("touchstart", stay, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = ARROWS[event.key];
      const size = event.shiftKey ? 0.5 : 0.1;
      if (step) this.choose(this.place.map((x, i) => x + size * step[i]));
      else if (event.key === "Home") this.choose([0, 0]);
      else if (this.keys[event.key]) this.keys[event.key]();
      else return;
      event.preventDefault();
    });
  }

  /**
   * Begin another gesture: a drag is one, a key that is held is one. A slider tells of every change
   * that a held key makes, and of those of helping software, which presses no key.
   */
  begin({ type, repeat = false }) {
    if (type !== "change") this.held = repeat;
    if (!this.held) this.gesture = Symbol("gesture");
  }

  /** Move the point because the reader asked for it. */
  choose(place) {
    this.set(place);
    this.moved(this.place);
  }

  /** Move the point, within the map. */
  set(place) {
    this.place = place.map((x) => Math.max(-this.reach, Math.min(this.reach, x)));
    this.ranges.forEach((range, i) => {
      range.value = this.place[i];
      range.setAttribute("aria-valuetext", written(this.place[i]));
    });
    this.redraw();
  }

  /** Show dots, each `[x, y, label]`, over a sheet of decoded pictures. */
  show(dots, sheet) {
    Object.assign(this, { dots, sheet });
    this.repaint();
  }

  /** Bring out the dots of one class; null: all of them. */
  light(label) {
    this.lit = label;
    this.repaint();
  }

  /** Mark places for good. */
  mark(places) {
    this.marks = places;
    this.redraw();
  }

  resize() {
    const scale = devicePixelRatio || 1;
    this.size = this.canvas.clientWidth;
    if (!this.size) return;
    this.canvas.width = this.canvas.height = Math.round(this.size * scale);
    this.repaint();
  }

  /** Draw anew what lies under the point. */
  repaint() {
    if (!this.size) return;
    const { width } = this.canvas;
    this.ground ??= document.createElement("canvas");
    this.ground.width = this.ground.height = width;
    const context = this.ground.getContext("2d");
    context.scale(width / this.size, width / this.size);
    const dark = isDark();
    context.fillStyle = GROUND[dark ? "dark" : "light"];
    context.fillRect(0, 0, this.size, this.size);
    if (this.sheet) {
      context.globalAlpha = dark ? 0.4 : 0.22;
      context.drawImage(this.sheet[dark ? "dark" : "light"], 0, 0, this.size, this.size);
    }
    const dyes = colours();
    const radius = this.size / 130;
    for (const [x, y, label] of this.dots) {
      const bright = this.lit === null || this.lit === label;
      context.globalAlpha = bright ? OPACITY : 0.08;
      context.fillStyle = dyes[label];
      context.fill(new Path2D(outline(label, ...this.pixel([x, y]), bright ? radius : 1.5)));
    }
    this.redraw();
  }

  pixel([x, y]) {
    const half = this.size / 2;
    return [half + (half * x) / this.reach, half - (half * y) / this.reach];
  }

  draw() {
    if (!this.size || !this.ground) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.ground, 0, 0);
    const scale = this.canvas.width / this.size;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    for (const mark of this.marks) {
      const [a, b] = this.pixel(mark);
      context.beginPath();
      for (const [dx, dy] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) context.lineTo(a + dx, b + dy);
      context.closePath();
      Object.assign(context, { fillStyle: "#111", strokeStyle: "#fff", lineWidth: 2 });
      context.stroke();
      context.fill();
    }
    const [x, y] = this.pixel(this.place);
    for (const [colour, width] of [["#fff", 6], ["#111", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, 10, 0, 2 * Math.PI);
      context.moveTo(x - 3, y);
      context.lineTo(x + 3, y);
      context.moveTo(x, y - 3);
      context.lineTo(x, y + 3);
      context.stroke();
    }
  }
}

/** Decode a grid of codes into two pictures of `count` × `count` tiles: white on black, and black on white. */
export function decodedSheet(decoder, codeAt, reach, count, side) {
  const [dark, light] = [0, 1].map(() => make("canvas", { width: count * side, height: count * side }));
  const codes = new Float32Array(2 * count * count);
  for (let n = 0; n < count * count; n++) {
    const [column, row] = [n % count, Math.floor(n / count)];
    const middle = (i) => reach * ((2 * i + 1) / count - 1);
    codes.set(codeAt([middle(column), -middle(row)]), 2 * n);
  }
  const images = decoder.apply(codes);
  for (let n = 0; n < count * count; n++) {
    const tile = images.subarray(n * side * side, (n + 1) * side * side);
    const place = [(n % count) * side, Math.floor(n / count) * side];
    paint(dark, tile, side, ...place);
    paint(light, tile.map((value) => 1 - value), side, ...place);
  }
  return { dark, light };
}
