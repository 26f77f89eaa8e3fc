// What all widgets are made of: elements, speech, drawing that follows the look of the page.

/** Make an element: `make("button", { type: "button", onclick }, "Draw", child)`. */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "for" || key === "role") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  if (properties.type === "range") awaitFinger(node);
  return node;
}

/**
 * Let a slider speak for a finger only when that does not scroll the page: a browser moves the thumb
 * at the first touch, before it knows.
 */
function awaitFinger(slider) {
  let touch = null; // while it is open what the finger wants
  const meant = () => {
    const asked = touch?.asked;
    touch = null;
    if (asked === undefined) return;
    slider.value = asked; // a walk may have moved it since
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const heed = {
    pointerdown: ({ pointerType, clientX: x, clientY: y }) =>
      (touch = pointerType === "touch" ? { x, y, before: slider.value } : null),
    input: (event) => {
      if (!touch) return;
      event.stopImmediatePropagation();
      touch.asked = slider.value;
    },
    pointermove: ({ clientX, clientY }) =>
      touch && Math.abs(clientX - touch.x) > Math.abs(clientY - touch.y) && meant(),
    pointerup: meant,
    pointercancel: () => {
      if (slider.value === touch?.asked) slider.value = touch.before;
      touch = null;
    },
  };
  for (const [kind, listener] of Object.entries(heed)) slider.addEventListener(kind, listener, true);
}

let names = 0;

/** A name that no other part of the page has. */
export const unique = (name) => `${name}-${++names}`;

/** Write a number with a true minus sign. */
export const written = (x, digits = 2) => x.toFixed(digits).replace("-", "−");

/** Return a function that says a text to screen readers, half a second after the last change. */
export function speaker(output) {
  let timer = null;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (output.textContent = text), 500);
  };
}

/** Return a copy of a short list with another element at one place. */
export const replaced = (list, place, value) => list.map((old, i) => (i === place ? value : old));

/**
 * Make a button for work that takes a while. It keeps the focus, and does nothing while it works.
 */
export function workButton(text, work) {
  const button = make("button", { type: "button" }, text);
  button.onclick = async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    await work();
    button.removeAttribute("aria-disabled");
  };
  return button;
}

/** Whether the reader asked their system for less motion. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Call a function at most once a frame, and never for an element that is well out of view. */
export function onceAFrame(element, draw) {
  let [asked, seen, pending] = [false, true, false];
  const run = () => {
    asked = false;
    if (seen) draw();
    else pending = true;
  };
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen && pending) {
      pending = false;
      draw();
    }
  }, { rootMargin: "300px" }).observe(element);
  return () => {
    if (!asked) requestAnimationFrame(run);
    asked = true;
  };
}

/** Whether the page is dark: a page of the book, or else JupyterLab. */
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : document.body.dataset.jpThemeLight === "false";
}

/** Call a function when the page changes between light and dark. */
export function onLook(change) {
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
}

/** A number generator with a seed (mulberry32), and normal draws from it (Box and Muller). */
export function generator(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** Paint side × side grey numbers in [0, 1] into a canvas, at a place. */
export function paint(canvas, pixels, side, x = 0, y = 0) {
  const image = new ImageData(side, side);
  pixels.forEach((value, i) => {
    image.data.fill(Math.round(255 * value), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(image, x, y);
}
