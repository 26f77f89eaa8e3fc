// Plots as SVG: axes, curves, hatched areas, contours, and handles that can be dragged.
// Colours and hatching are in the style sheet, so a plot follows the look of the page by itself.

import { make, unique, written } from "./elements.mjs";

const SVG = "http://www.w3.org/2000/svg";
const GRASP = 34; // pixels from a handle at which a press still takes it

/** Make an element of an SVG. */
export function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Places for ticks: multiples of 1, 2 or 5 times a power of ten, about `most` of them. */
export function ticks(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = power * ([1, 2, 5, 10].find((n) => (high - low) / (n * power) <= most) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-9); n++)
    found.push([n * step, written(n * step + 0, digits)]);
  return found;
}

const ANGLES = { plus: -45, minus: 45, part: 0 };

/** Patterns of parallel lines, a slope for each kind; what they are called as a fill. */
export function hatches(...kinds) {
  const defs = draw("defs");
  const fill = {};
  for (const kind of kinds) {
    const id = unique(kind);
    fill[kind] = `url(#${id})`;
    defs.append(draw("pattern", {
      id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${ANGLES[kind]})`,
    }, draw("path", { d: "M0 3H6", class: `curves-hatch ${kind}` })));
  }
  return { defs, fill };
}

/** A short piece of a line or an area for a legend. */
export function swatch(kind, fill) {
  const piece = fill
    ? draw("rect", { width: 26, height: 12, class: `curves-${kind}`, fill })
    : draw("path", { d: "M0 6H26", class: `curves-${kind}` });
  return draw("svg", { viewBox: "0 0 26 12", class: "curves curves-swatch", "aria-hidden": "true" }, piece);
}

/** A slider with its name and its value beside it: what a handle does, for everybody. */
export function slider(name, shown, [min, max], chosen) {
  const input = make("input", {
    type: "range", min, max, step: 0.05, "aria-label": name, oninput: () => chosen(Number(input.value)),
  });
  const output = make("output", { "aria-hidden": "true" });
  const show = (value) => {
    input.value = value;
    output.textContent = written(value);
    input.setAttribute("aria-valuetext", written(value));
  };
  return { label: make("label", {}, make("span", {}, shown), input, output), show };
}

export class Plot {
  /**
   * @param {object} options
   * @param {string} options.label  what the plot shows, for screen readers
   * @param {number[]} options.x    both ends of the horizontal axis
   * @param {number[]} options.y    both ends of the vertical axis
   * @param {string[]} options.names of the horizontal and of the vertical axis
   * @param {number[]} options.size width and height, in units that are about a pixel
   */
  constructor({ label, x, y, names = ["z", ""], size = [360, 270] }) {
    const [width, height] = size;
    this.size = size;
    this.inner = { left: 40, right: width - 8, top: 10, bottom: height - 34 };
    const { left, right, top, bottom } = this.inner;
    const clip = unique("plot");
    const { defs, fill } = hatches("plus", "minus");
    this.fill = fill;
    this.frame = draw("g", { class: "curves-axes" });
    this.ground = draw("g", { "clip-path": `url(#${clip})` });
    this.front = draw("g");
    this.handles = [];
    this.element = draw("svg", {
      viewBox: `0 0 ${width} ${height}`, class: "curves", role: "img", "aria-label": label,
    },
    defs, draw("clipPath", { id: clip },
      draw("rect", { x: left, y: top, width: right - left, height: bottom - top })),
    this.frame, this.ground, this.front);
    this.names = names;
    this.look(x, y);
    this.listen();
  }

  /** Choose the part of the plane that is shown. */
  look(x, y) {
    if (this.shown === `${x} ${y}`) return;
    this.shown = `${x} ${y}`; // while q moves the axes mostly stay what they are
    const { left, right, top, bottom } = this.inner;
    Object.assign(this, { x, y });
    const text = (words, at) => draw("text", at, words);
    this.frame.replaceChildren(
      draw("path", { d: `M${left} ${top}V${bottom}H${right}`, class: "curves-axis" }),
      ...ticks(...x, 8).flatMap(([at, words]) => [
        draw("path", { d: `M${this.right(at)} ${bottom}v4`, class: "curves-axis" }),
        text(words, { x: this.right(at), y: bottom + 16, "text-anchor": "middle" }),
      ]),
      ...ticks(...y, 5).flatMap(([at, words]) => [
        draw("path", { d: `M${left} ${this.down(at)}h-4`, class: "curves-axis" }),
        text(words, { x: left - 7, y: this.down(at) + 4, "text-anchor": "end" }),
      ]),
      text(this.names[0], { x: right, y: bottom + 31, "text-anchor": "end", class: "curves-name" }),
      text(this.names[1], { x: 4, y: top + 2, class: "curves-name" }),
    );
  }

  right(x) {
    const { left, right } = this.inner;
    return left + ((right - left) * (x - this.x[0])) / (this.x[1] - this.x[0]);
  }

  down(y) {
    const { top, bottom } = this.inner;
    return bottom - ((bottom - top) * (y - this.y[0])) / (this.y[1] - this.y[0]);
  }

  /** Add a path of a kind; what lies there is filled in by `path.setAttribute("d", …)`. */
  path(kind) {
    const path = draw("path", { class: `curves-${kind}` });
    if (kind in this.fill) path.setAttribute("fill", this.fill[kind]);
    this.ground.append(path);
    return path;
  }

  /** The path through points, given by their coordinates. */
  through(xs, ys) {
    let d = "";
    xs.forEach((x, i) => (d += `${i ? "L" : "M"}${this.right(x).toFixed(1)} ${this.down(ys[i]).toFixed(1)}`));
    return d;
  }

  /** The same, closed along y = 0. */
  over(xs, ys) {
    const zero = this.down(0).toFixed(1);
    return `${this.through(xs, ys)}V${zero}H${this.right(xs[0]).toFixed(1)}Z`;
  }

  /**
   * Add a handle. A drag moves it by what the pointer moves, wherever it was taken.
   *
   * @param {(x: number, y: number) => void} moved  the reader drags it to a place
   */
  handle(kind, moved) {
    const node = draw("g", { class: `curves-handle ${kind}` },
      draw("circle", { r: 22, class: "curves-grasp" }),
      kind === "middle" ? draw("circle", { r: 7 }) : draw("rect", { x: -5.5, y: -5.5, width: 11, height: 11 }));
    this.front.append(node);
    const handle = { node, moved, at: [0, 0], place: [0, 0] };
    this.handles.push(handle);
    return handle;
  }

  /** Put a handle to a place; one that would be outside is shown at the edge, dimmed. */
  put(handle, x, y) {
    const { left, right, top, bottom } = this.inner;
    const kept = (value, low, high) => Math.max(low, Math.min(high, value));
    handle.place = [this.right(x), this.down(y)];
    handle.at = [kept(handle.place[0], left, right), kept(handle.place[1], top, bottom)];
    handle.node.dataset.kept = handle.at.some((value, i) => Math.abs(value - handle.place[i]) > 0.5);
    handle.node.setAttribute("transform", `translate(${handle.at})`);
  }

  listen() {
    const { element } = this;
    const at = (event) => {
      const box = element.getBoundingClientRect();
      return [
        ((event.clientX - box.left) * this.size[0]) / box.width,
        ((event.clientY - box.top) * this.size[1]) / box.height,
      ];
    };
    let held = null;
    element.addEventListener("pointerdown", (event) => {
      if (event.button || !event.isPrimary || !this.handles.length) return;
      const [x, y] = at(event);
      const far = ({ at: [a, b] }) => Math.hypot(a - x, b - y);
      const nearest = this.handles.reduce((best, each) => (far(each) < far(best) ? each : best));
      const handle = far(nearest) < GRASP ? nearest : this.handles[0];
      // A finger beside the handles scrolls the page; a mouse moves the middle from anywhere.
      if (far(handle) >= GRASP && event.pointerType === "touch") return;
      element.setPointerCapture(event.pointerId);
      // From the true place, also where the handle is shown elsewhere: taking it moves nothing.
      held = { handle, shift: [handle.place[0] - x, handle.place[1] - y] };
    });
    // A finger on a handle does not scroll; `touch-action` does not reach into an SVG everywhere.
    element.addEventListener("touchstart", (event) => held && event.preventDefault(), { passive: false });
    element.addEventListener("pointermove", (event) => {
      if (!held || !element.hasPointerCapture(event.pointerId)) return;
      const { left, right, top, bottom } = this.inner;
      const [x, y] = at(event).map((value, i) => value + held.shift[i]);
      held.handle.moved(
        this.x[0] + ((x - left) / (right - left)) * (this.x[1] - this.x[0]),
        this.y[0] + ((bottom - y) / (bottom - top)) * (this.y[1] - this.y[0]),
      );
    });
    element.addEventListener("lostpointercapture", () => (held = null));
  }
}

/** Where values on a grid, row by row from below, exceed a level: a path of closed rings (marching squares). */
export function above(values, xs, ys, level, plot) {
  // A ring of cells around the grid, below the level, closes what the edge would cut open.
  const [columns, rows] = [xs.length, ys.length];
  const value = (i, j) =>
    i < 0 || j < 0 || i >= columns || j >= rows ? level - 1 : values[j * columns + i];
  const place = (list, i) => list[Math.max(0, Math.min(list.length - 1, i))];
  const next = new Map(); // from the edge on which a piece begins to the one on which it ends
  const spot = new Map();
  // Edges: (i, j, 0) runs from the corner (i, j) to the right, (i, j, 1) upwards.
  const cross = (i, j, upwards) => {
    const key = ((j + 1) * (columns + 2) + i + 1) * 2 + upwards;
    if (!spot.has(key)) {
      const [a, b] = [value(i, j), value(i + !upwards, j + upwards)];
      const t = (level - a) / (b - a);
      const x = place(xs, i) + t * (upwards ? 0 : place(xs, i + 1) - place(xs, i));
      const y = place(ys, j) + t * (upwards ? place(ys, j + 1) - place(ys, j) : 0);
      spot.set(key, `${plot.right(x).toFixed(1)} ${plot.down(y).toFixed(1)}`);
    }
    return key;
  };
  for (let j = -1; j < rows; j++)
    for (let i = -1; i < columns; i++) {
      const corners = [value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)];
      const high = corners.map((each) => each > level);
      if (high.every((each) => each === high[0])) continue;
      const edges = [[i, j, 0], [i + 1, j, 1], [i, j + 1, 0], [i, j, 1]];
      // Around the cell, a piece leaves where high ground ends and enters where it begins.
      const ends = [0, 1, 2, 3].filter((k) => high[k] && !high[(k + 1) % 4]);
      for (const k of ends) {
        let back = k; // the other end of this stretch of high corners
        while (high[back]) back = (back + 3) % 4;
        next.set(cross(...edges[k]), cross(...edges[back]));
      }
    }
  let d = "";
  while (next.size) {
    const [first] = next.keys();
    let ring = "";
    for (let key = first; next.has(key); ) {
      ring += `${ring ? "L" : "M"}${spot.get(key)}`;
      const after = next.get(key);
      next.delete(key);
      key = after;
    }
    d += `${ring}Z`;
  }
  return d;
}

/** Call a function once a frame until it returns false; it waits while the element is out of view. */
export function frames(element, step) {
  let [seen, asked] = [true, 0];
  const run = () => {
    asked = 0;
    if (step()) ask();
    else watch.disconnect();
  };
  const ask = () => {
    if (seen && !asked) asked = requestAnimationFrame(run);
  };
  const watch = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    ask();
  });
  const stop = () => {
    cancelAnimationFrame(asked);
    seen = false;
    watch.disconnect();
  };
  watch.observe(element);
  ask();
  return stop;
}
