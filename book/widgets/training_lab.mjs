// Train an autoencoder or a VAE in the page, on two thousand real garments of 14 × 14 pixels.

import { isDark, make, onceAFrame, onLook, speaker, still, workButton, written } from "./shared/elements.mjs";
import { COLOURS, marker, outline } from "./shared/markers.mjs";
import { fetched, readPictures } from "./shared/networks.mjs";
import { kerasText } from "./shared/keras_text.mjs";
import { Engine, TILES } from "./shared/training_worker.mjs";
import { BATCH, CODE, PIXELS, SIDE } from "./shared/training.mjs";
import { pack } from "./shared/weights.mjs";

const TRAINED = 2000;
const BETAS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30];
const HIDDEN = [16, 64, 128];
const AN_EPOCH = Math.ceil(TRAINED / BATCH);
const SPEEDS = { 1: "step", 16: "16 steps", [AN_EPOCH]: "epoch" };
const MANY = 100; // epochs until the training pauses by itself
const KEPT = 600; // points of the curves; then every other one goes
const PAIR = 12; // epochs of the two trainings that are compared
const SVG = "http://www.w3.org/2000/svg";

const nats = (x) => written(x, 1);

/**
 * Compare two maps of the same garments, (n · 2) codes each.
 *
 * `same` is how far the two codes of one garment are apart, `other` how far those of two different
 * garments. `agreement` is the share of the variance of one map that the other explains after the
 * best shift, scale and turn, with or without a mirror; with complex numbers the turn is a factor.
 */
export function compareMaps(first, second) {
  const count = first.length / 2;
  let [same, other] = [0, 0];
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) {
      const distance = Math.hypot(first[2 * i] - second[2 * j], first[2 * i + 1] - second[2 * j + 1]);
      if (i === j) same += distance / count;
      else other += distance / (count * (count - 1));
    }
  const centred = (codes) => {
    const mean = [0, 0];
    codes.forEach((z, i) => (mean[i % 2] += z / count));
    return codes.map((z, i) => z - mean[i % 2]);
  };
  const [a, b] = [centred(first), centred(second)];
  const square = (codes) => codes.reduce((sum, z) => sum + z * z, 0);
  const turn = (mirror) => {
    let [real, imaginary] = [0, 0];
    for (let i = 0; i < 2 * count; i += 2) {
      real += a[i] * b[i] + mirror * a[i + 1] * b[i + 1];
      imaginary += a[i + 1] * b[i] - mirror * a[i] * b[i + 1];
    }
    const agreement = (real ** 2 + imaginary ** 2) / (square(a) * square(b));
    return { agreement, angle: (Math.atan2(imaginary, real) * 180) / Math.PI, mirror: mirror < 0 };
  };
  const [plain, mirrored] = [turn(1), turn(-1)];
  return { same, other, ...(plain.agreement >= mirrored.agreement ? plain : mirrored) };
}

/** A square map of codes with the marker of each class, which follows the look of the page. */
class CodeMap {
  constructor(name, labels) {
    Object.assign(this, { labels, codes: null, reach: 3, lit: null, rings: true });
    this.canvas = make("canvas.lab-map", { role: "img", "aria-label": name });
    this.redraw = onceAFrame(this.canvas, () => this.draw());
    this.shapes = COLOURS.map((_, label) => new Path2D(outline(label, 0, 0, 1)));
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
    const [ground, ink] = isDark() ? ["#0b0d10", "#a7adb5"] : ["#fff", "#5f6670"];
    context.fillStyle = ground;
    context.fillRect(0, 0, size, size);
    const radius = Math.max(2.2, size / 95);
    this.labels.forEach((label, n) => {
      const bright = this.lit === null || this.lit === label;
      const [x, y] = place(this.codes[2 * n], this.codes[2 * n + 1]);
      context.setTransform(scale * radius, 0, 0, scale * radius, scale * x, scale * y);
      context.globalAlpha = bright ? 0.85 : 0.1;
      context.fillStyle = COLOURS[label];
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

/** D and R over the steps: two small plots, one above the other, in plain SVG. */
class Curves {
  constructor({ mean_image, floor }) {
    Object.assign(this, { last: [], levels: { "mean image": mean_image, floor } });
    this.svg = this.node("svg", {
      viewBox: "0 0 300 300", class: "lab-curves", role: "img",
      "aria-label": "Distortion and rate over the steps; the numbers below say where they are now",
    });
    this.clear();
  }

  node(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
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
    const { points, last, node } = this;
    const all = [...points, ...last];
    const round = (x, list) => list.find((limit) => limit >= x) ?? Math.ceil(x / 1000) * 1000;
    const steps = round(Math.max(...all.map(({ step }) => step)), [63, 126, 315, 630, 1260, 3150, 6300]);
    const rates = round(Math.max(...all.map(({ R }) => R ?? 0)), [5, 10, 20, 50, 100, 200, 500, 1000]);
    const x = (step) => 34 + (258 * step) / steps;
    const plots = [
      { key: "D", train: "trainD", top: 18, bottom: 172, low: 50, high: 140, ticks: [60, 100, 140], title: "distortion D, nats" },
      { key: "R", train: "trainR", top: 204, bottom: 268, low: 0, high: rates, ticks: [0, rates], title: "rate R, nats" },
    ];
    const parts = [];
    for (const { key, train, top, bottom, low, high, ticks, title } of plots) {
      const y = (value) => bottom - ((bottom - top) * (Math.min(value, high) - low)) / (high - low);
      const path = (list, name) => {
        const known = list.filter((point) => point[name] !== undefined);
        return known.map((point, i) => `${i ? "L" : "M"}${x(point.step).toFixed(1)} ${y(point[name]).toFixed(1)}`).join("");
      };
      parts.push(
        node("path", { d: `M34 ${top}V${bottom}H292`, class: "lab-axis" }),
        node("text", { x: 34, y: top - 6 }, title),
        ...ticks.map((value) => node("text", { x: 30, y: y(value) + 4, "text-anchor": "end" }, value)),
      );
      if (key === "D")
        for (const [name, level] of Object.entries(this.levels))
          parts.push(
            node("path", { d: `M34 ${y(level)}H292`, class: "lab-level" }),
            node("text", { x: 291, y: y(level) - 4, "text-anchor": "end", class: "lab-word" }, name),
          );
      parts.push(
        node("path", { d: path(last, key), class: "lab-last" }),
        node("path", { d: path(points, train), class: "lab-train" }),
        node("path", { d: path(points, key), class: "lab-test" }),
      );
      const end = points.at(-1);
      if (end[key] !== undefined) parts.push(node("circle", { cx: x(end.step), cy: y(end[key]), r: 3.5, class: "lab-end" }));
    }
    parts.push(
      node("text", { x: 34, y: 284, "text-anchor": "middle" }, 0),
      node("text", { x: 292, y: 284, "text-anchor": "end" }, `${steps / AN_EPOCH} epoch${steps > AN_EPOCH ? "s" : ""}`),
    );
    this.svg.replaceChildren(...parts);
  }
}

class Lab {
  constructor(engine, facts, el) {
    Object.assign(this, { engine, facts, el, labels: Array.from(facts.labels, Number) });
    this.settings = { variational: true, hidden: 64, beta: 1, seed: 1 };
    Object.assign(this, { running: false, seen: true, version: 0, every: still() ? AN_EPOCH : 16, nextPair: 1 });
    this.id = Math.random().toString(36).slice(2);
    this.build();
    this.watch();
  }

  build() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.trainButton = make("button.lab-train-button", { type: "button", onclick: () => this.toggle() });
    const option = (value, text, chosen) => make("option", { value, selected: chosen }, text);
    this.speed = make("select", {
      "aria-label": "A picture every", onchange: () => (this.every = Number(this.speed.value)),
    }, ...Object.entries(SPEEDS).map(([n, text]) => option(n, text, Number(n) === this.every)));
    const kinds = { true: "VAE", false: "plain autoencoder" };
    this.kinds = Object.entries(kinds).map(([value, text]) => {
      const variational = value === "true";
      const input = make("input", {
        type: "radio", name: `lab-kind-${this.id}`, value, checked: variational,
        onchange: () => this.change({ variational }),
      });
      return make("label", {}, input, ` ${text}`);
    });
    this.beta = make("input", {
      type: "range", min: 0, max: BETAS.length - 1, step: 1, value: BETAS.indexOf(1), "aria-label": "β",
      oninput: () => this.price(BETAS[this.beta.value]),
    });
    this.betaText = make("span.lab-beta", { "aria-hidden": "true" });
    this.hidden = make("select", {
      "aria-label": "Hidden units", onchange: () => this.change({ hidden: Number(this.hidden.value) }),
    }, ...HIDDEN.map((n) => option(n, `${n}`, n === 64)));
    this.seed = make("input", {
      type: "number", min: 1, max: 9999, step: 1, value: 1, "aria-label": "Seed",
      onchange: () => this.sow(Math.round(Number(this.seed.value))),
    });
    this.sheet = make("canvas.lab-sheet", {
      width: TILES * SIDE, height: TILES * SIDE, role: "img", "aria-label": "Decoded sheet",
    });
    this.map = new CodeMap("Codes of 500 test garments", this.labels);
    this.curves = new Curves(this.facts);
    this.redraw = onceAFrame(this.sheet, () => this.draw());
    this.numbers = make("div.lab-numbers");
    const panel = (title, shown, words) => make("div", {},
      make("p.widget-title", {}, title), shown, make("p.widget-help", {}, words));
    this.el.replaceChildren(
      make("div.widget-controls.lab-controls", {},
        this.trainButton, button("Step", () => this.step()), button("Reset", () => this.change({})),
        make("label", {}, "a picture every ", this.speed),
        make("span.widget-group", {}, make("label", {}, "seed ", this.seed),
          button("New seed", () => this.sow(1 + Math.floor(9999 * Math.random()))))),
      make("div.widget-controls", {},
        make("span.widget-group", { role: "radiogroup", "aria-label": "Model" }, ...this.kinds),
        make("label.lab-price", {}, "β ", this.beta, this.betaText),
        make("label", {}, "hidden units ", this.hidden)),
      make("div.lab", {},
        panel("Decoded sheet", this.sheet, "What the decoder makes of each place of the map beside it."),
        panel("Codes of 500 test garments", this.map.canvas, "Circles of radius 1, 2 and 3: standard deviations of the prior."),
        panel("Test garments over the steps", this.curves.svg, "Dotted: training batches. Grey: the run before this one.")),
      this.legend(),
      this.numbers,
      this.task(),
      this.keras(),
      this.downloads(),
      spoken,
    );
    this.showSettings();
  }

  legend() {
    const buttons = this.facts.names.map((name, label) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, marker(label), name);
      button.onclick = () => {
        const lit = this.map.lit === label ? null : label;
        buttons.forEach((each, i) => each.setAttribute("aria-pressed", `${i === lit}`));
        this.map.light(lit);
      };
      return button;
    });
    return make("div.widget-legend.lab-legend", { role: "group", "aria-label": "Bring out a class" }, ...buttons);
  }

  task() {
    const choices = {
      place: "the place of each garment",
      shape: "the shape of the map, but neither its direction nor its side",
      nothing: "nothing",
    };
    this.result = make("div.widget-answer", { role: "status" });
    this.pairMaps = make("div.lab-pair");
    this.pairButton = workButton(`Train both for ${PAIR} epochs`, () => this.answer());
    return make("fieldset.widget-task", {},
      make("legend", {}, "Predict, then try: two VAEs that differ in nothing but the seed. What do their maps have in common?"),
      make("div.widget-choices", {}, ...Object.entries(choices).map(([value, text]) =>
        make("label", {}, make("input", { type: "radio", name: `lab-guess-${this.id}`, value }), ` ${text}`))),
      this.pairButton,
      this.result,
      this.pairMaps);
  }

  keras() {
    this.code = make("code");
    const copy = make("button", { type: "button", onclick: async () => {
      const done = await navigator.clipboard?.writeText(this.code.textContent).then(() => true, () => false);
      this.say(done ? "The code is in the clipboard." : "The code could not be copied.");
      copy.textContent = done ? "Copied" : "Select and copy it by hand";
    } }, "Copy");
    this.copy = copy;
    return make("details.lab-code", {}, make("summary", {}, "The same in Keras"),
      make("pre", { tabIndex: 0, role: "region", "aria-label": "The same in Keras" }, this.code), copy);
  }

  downloads() {
    const button = (ending) => workButton(`weights.${ending}`, () => this.save(ending));
    const possible = globalThis.crypto?.subtle;
    return make("div.widget-controls", {}, "Keep these weights:",
      ...(possible ? ["bin", "json"].map(button) : [" (only over an encrypted connection)"]),
      make("span.widget-help.lab-aside", {}, "both files, as ", make("code", {}, "latents.weights.read"), " reads them"));
  }

  /** Nothing is trained where nobody looks. */
  watch() {
    const look = () => {
      this.seen = this.inView !== false && !document.hidden;
      if (!this.seen) return;
      this.resume?.();
      if (this.running) this.run();
    };
    this.observer = new IntersectionObserver((entries) => {
      this.inView = entries.at(-1).isIntersecting;
      look();
    });
    this.observer.observe(this.el);
    document.addEventListener("visibilitychange", look);
    this.unwatch = () => {
      this.observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }

  showSettings() {
    const { variational, beta, seed, hidden } = this.settings;
    this.beta.value = BETAS.indexOf(beta);
    this.beta.disabled = !variational;
    this.beta.setAttribute("aria-valuetext", `${beta}`);
    this.betaText.textContent = variational ? `${beta}` : "–";
    this.seed.value = seed;
    this.hidden.value = hidden;
    const [sign, text] = this.running ? ["❚❚ ", "Pause"] : ["▶ ", "Train"];
    this.trainButton.replaceChildren(make("span", { "aria-hidden": "true" }, sign), text);
    this.code.textContent = kerasText({ ...this.settings, epochs: Math.max(1, this.report?.epoch || PAIR) });
    this.copy.textContent = "Copy";
  }

  /** Begin a new training; one that was running goes on with the new settings. */
  async change(settings) {
    Object.assign(this.settings, settings);
    const version = ++this.version;
    this.limit = MANY;
    const report = await this.engine.ask("create", { slot: "page", settings: this.settings });
    if (version !== this.version) return;
    this.curves.clear();
    this.take(report);
    this.showSettings();
    if (this.running) this.run();
    else if (version > 1) this.say(this.words());
  }

  sow(seed) {
    return this.change({ seed: Math.max(1, Math.min(9999, seed || 1)) });
  }

  /** Change β in the midst of a training. */
  price(beta) {
    this.settings.beta = beta;
    this.engine.ask("beta", { slot: "page", beta });
    this.showSettings();
  }

  toggle() {
    this.running = !this.running;
    this.showSettings();
    if (this.running) {
      this.limit = MANY * (1 + Math.floor(this.report.epoch / MANY));
      this.say("Training.");
      this.run();
    } else this.say(`Paused. ${this.words()}`);
  }

  async step() {
    if (this.running) this.toggle();
    await this.advance(1);
    this.say(this.words());
  }

  /** Train some steps, unless some are under way; whether there is a new report. */
  async advance(count) {
    if (this.busy === this.version) return false;
    const version = (this.busy = this.version);
    const report = await this.engine.ask("steps", { slot: "page", count });
    if (this.busy === version) this.busy = null;
    if (version !== this.version || !report) return false;
    this.take(report);
    return true;
  }

  async run() {
    const version = this.version;
    let before = performance.now();
    while (this.running && this.seen && version === this.version) {
      const { step } = this.report;
      if (!(await this.advance(this.every))) return;
      if (this.every === 1) await new Promise(requestAnimationFrame);
      const now = performance.now();
      const rate = (1000 * (this.report.step - step)) / (now - before);
      this.rate = this.rate ? 0.8 * this.rate + 0.2 * rate : rate;
      before = now;
      if (this.report.epoch >= this.limit) this.toggle();
    }
  }

  take(report) {
    if (!report.step) this.rate = null;
    this.report = report;
    this.curves.add(report);
    this.map.show(report.codes, report.reach);
    this.redraw();
  }

  /** D, and for a VAE also R and −ELBO; as printed they add up. */
  account() {
    const { D, R } = this.report.test;
    if (R === undefined) return `${nats(D)} nats`;
    const [d, r] = [D, R].map((x) => Number(x.toFixed(1)));
    return `${nats(d)} + ${nats(r)} = ${nats(d + r)} nats`;
  }

  words() {
    const { step, epoch, active } = this.report;
    const name = this.settings.variational ? "D + R" : "D";
    return `Step ${step}, epoch ${epoch}: ${name}: ${this.account()}; ${active} of ${CODE} latents in use.`;
  }

  draw() {
    if (!this.report) return;
    const { sheet, step, epoch, active, reach } = this.report;
    paintSheet(this.sheet, sheet);
    this.curves.draw();
    const rows = {
      "steps": `${step.toLocaleString("en")} (epoch ${epoch})`,
      [this.settings.variational ? "D + R = −ELBO" : "D"]: this.account(),
      "latents in use": `${active} of ${CODE}`,
      "the map reaches": `±${reach}`,
      "speed": this.rate ? `${Math.round(this.rate)} steps/s` : "–",
    };
    this.numbers.replaceChildren(...Object.entries(rows).map(([name, value]) =>
      make("p", {}, make("span", {}, name), " ", make("strong", {}, value))));
  }

  /** Train two VAEs that differ in their seed, and compare what has come out. */
  async answer() {
    if (this.running) this.toggle();
    const seeds = [this.nextPair, this.nextPair + 1];
    this.nextPair += 2;
    const found = [];
    for (const [n, each] of seeds.entries()) {
      const settings = { variational: true, hidden: 64, beta: 1, seed: each };
      await this.engine.ask("create", { slot: "pair", settings });
      for (let epoch = 1; epoch <= PAIR; epoch++) {
        if (!this.seen) await new Promise((resolve) => (this.resume = resolve));
        found[n] = await this.engine.ask("steps", { slot: "pair", count: AN_EPOCH });
        this.result.textContent = `Seed ${each}: epoch ${epoch} of ${PAIR} …`;
      }
    }
    this.showPair(seeds, found);
    this.pairButton.textContent = "Another pair";
  }

  showPair(seeds, found) {
    const reach = Math.max(...found.map((report) => report.reach));
    this.pair = { ...compareMaps(...found.map(({ codes }) => codes)), costs: found.map(({ test }) => test.D + test.R) };
    this.pairMaps.replaceChildren(...found.map(({ codes }, n) => {
      const map = new CodeMap(`Map of seed ${seeds[n]}`, this.labels);
      map.show(codes, reach);
      return make("div", {}, make("p.widget-title", {}, `seed ${seeds[n]}: ${nats(this.pair.costs[n])} nats`), map.canvas);
    }));
    const { same, other, agreement, angle, mirror } = this.pair;
    const alike = same < other / 2;
    const right = agreement < 0.5 ? "nothing" : alike ? "place" : "shape";
    const guess = this.el.querySelector(`input[name=lab-guess-${this.id}]:checked`)?.value;
    const verdict = guess === undefined ? "" : guess === right ? "Right. " : "Not quite. ";
    const turn = `${mirror ? "mirrored and " : ""}turned by ${Math.round(Math.abs(angle))}°`;
    this.result.replaceChildren(
      make("strong", {}, verdict),
      `The codes of one garment on the two maps are ${written(same, 1)} apart, those of two different garments ${written(other, 1)}. `,
      `But ${turn}, and moved and scaled, the second map accounts for ${Math.round(100 * agreement)}% of the variance of the first. `,
      `D + R: ${this.pair.costs.map(nats).join(" and ")} nats. The prior is round, so every direction costs the same.`,
      alike ? " These two happen to lie alike; another pair will not." : "",
    );
  }

  /** Give the weights to the reader, in the form of `latents.weights`. */
  async save(ending) {
    const networks = await this.engine.ask("networks", { slot: "page" });
    const encoder = this.settings.variational ? [CODE, CODE] : [CODE];
    const files = await pack("weights", networks, { encoder, decoder: [PIXELS] });
    const address = URL.createObjectURL(new Blob([files[ending]]));
    make("a", { href: address, download: `weights.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  stop() {
    this.running = false;
    this.version += 1;
    this.unwatch();
    this.engine.stop();
  }
}

/** Paint a sheet of tiles, (15 · 15 · 196) grey values, each tile at its place. */
function paintSheet(canvas, sheet) {
  const width = TILES * SIDE;
  const image = new ImageData(width, width);
  for (let n = 0; n < sheet.length; n++) {
    const [tile, pixel] = [Math.floor(n / PIXELS), n % PIXELS];
    const row = Math.floor(tile / TILES) * SIDE + Math.floor(pixel / SIDE);
    const column = (tile % TILES) * SIDE + (pixel % SIDE);
    const at = 4 * (row * width + column);
    image.data.fill(sheet[n], at, at + 3);
    image.data[at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const files = model.get("files");
    const [pictures, facts] = await Promise.all([
      readPictures(files, "training_lab.webp", SIDE),
      fetched(files, "training_lab_facts.json", "json"),
    ]);
    const bytes = Uint8Array.from(pictures, (value) => Math.round(255 * value));
    const images = { train: bytes.subarray(0, TRAINED * PIXELS), test: bytes.subarray(TRAINED * PIXELS) };
    const lab = new Lab(await Engine.start(images), facts, el);
    await lab.change({});
    el.widget = lab; // for tests
    return () => lab.stop();
  },
};
