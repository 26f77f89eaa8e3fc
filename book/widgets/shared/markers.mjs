// Ten classes by shape and colour: shapes as `latents.plots.MARKERS` has them; hues of
// `book.mplstyle`, whose colours serve both looks, here darker or lighter for each of them.

import { draw } from "./curves.mjs";
import { isDark, onLook } from "./elements.mjs";

/** A contrast of 3 or more with the map, blended with it, and with the page; apart for people who do not see red or green. */
export const COLOURS = {
  light: [
    "#007fcc", "#cc6900", "#00732b", "#e10035", "#7f00ff",
    "#a17869", "#b2009c", "#993d60", "#5c5ce5", "#3c8d98",
  ],
  dark: [
    "#40b7ff", "#f0ac21", "#34cb58", "#e24960", "#b266ff",
    "#cda994", "#ed5fd9", "#c87a93", "#c6cdff", "#5bc0c2",
  ],
};
export const GROUND = { light: "#fff", dark: "#0b0d10" }; // of the maps
export const OPACITY = 0.85; // of their markers

const polygon = (...corners) => corners;
const turned = (corners) => corners.map(([x, y]) => [x, -y]);
const up = polygon([0, -1.1], [1, 0.8], [-1, 0.8]);
const right = polygon([-0.8, -1], [1.1, 0], [-0.8, 1]);
const plus = polygon(
  [-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35],
  [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35],
);
const rotated = (corners, angle) =>
  corners.map(([x, y]) => [
    x * Math.cos(angle) - y * Math.sin(angle),
    x * Math.sin(angle) + y * Math.cos(angle),
  ]);
const star = Array.from({ length: 10 }, (_, i) => {
  const [r, angle] = [i % 2 ? 0.5 : 1.25, (i * Math.PI) / 5];
  return [r * Math.sin(angle), -r * Math.cos(angle)];
});
const circle = Array.from({ length: 12 }, (_, i) => [
  Math.cos((i * Math.PI) / 6),
  Math.sin((i * Math.PI) / 6),
]);
const SHAPES = [
  circle,
  polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]),
  up,
  turned(up),
  polygon([0, -1.25], [0.9, 0], [0, 1.25], [-0.9, 0]),
  plus,
  star,
  rotated(plus, Math.PI / 4),
  right.map(([x, y]) => [-x, y]),
  right,
];

/** The outline of a class around a place, as a path of an SVG or of a canvas. */
export function outline(label, x, y, radius) {
  const points = SHAPES[label].map(([a, b]) => `${x + radius * a} ${y + radius * b}`);
  return `M${points.join("L")}Z`;
}

/** The colours of the classes in the look that the page has. */
export const colours = () => COLOURS[isDark() ? "dark" : "light"];

/** The marker of a class as a small picture for a legend. */
export function marker(label) {
  const path = draw("path", { d: outline(label, 0, 0, 5.5) });
  const dye = () => path.setAttribute("fill", colours()[label]);
  dye();
  onLook(dye);
  return draw("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, path);
}
