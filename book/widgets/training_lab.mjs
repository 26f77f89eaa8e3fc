// Train an autoencoder or a VAE in the page, on two thousand real garments of 14 × 14 pixels.

import { CodeMap } from "./shared/code_map.mjs";
import { draw } from "./shared/curves.mjs";
import { Curves } from "./shared/history.mjs";
import { make, onceAFrame, speaker, still, unique, workButton, written } from "./shared/elements.mjs";
import { kerasText } from "./shared/keras_text.mjs";
import { read, whole, word } from "./shared/link.mjs";
import { marker } from "./shared/markers.mjs";
import { fetched, readPictures } from "./shared/networks.mjs";
import { AN_EPOCH, CODE, PIXELS, SIDE, TRAINED } from "./shared/training.mjs";
import { Engine, TILES } from "./shared/training_worker.mjs";
import { EPOCHS, TwoSeeds } from "./shared/two_seeds.mjs";
import { pack } from "./shared/weights.mjs";

const BETAS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30];
const HIDDEN = [16, 64, 128];
const SPEEDS = { 1: "step", 16: "16 steps", [AN_EPOCH]: "epoch" };
const START = { variational: true, hidden: 64, beta: 1, seed: 1 };
const MANY = 100; // epochs until the training pauses by itself
const MOST = 999_999; // steps that a link may ask for

const nats = (x) => written(x, 1);

class Lab {
  constructor(engine, facts, el) {
    Object.assign(this, { engine, facts, el, labels: Array.from(facts.labels, Number) });
    this.settings = { ...START };
    Object.assign(this, { running: false, seen: true, version: 0, every: still() ? AN_EPOCH : 16 });
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
    const name = unique("lab-kind");
    this.kinds = Object.entries(kinds).map(([value, text]) => {
      const variational = value === "true";
      const input = make("input", {
        type: "radio", name, value, checked: variational,
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
    this.hatching = hatching();
    this.holes = make("span.lab-holes");
    this.sheetHelp = make("span");
    this.map = new CodeMap("Codes of 500 test garments", this.labels);
    this.curves = new Curves(this.facts);
    this.seeds = new TwoSeeds(this.engine, this.labels, () => {
      if (this.running) this.toggle();
    });
    this.redraw = onceAFrame(this.sheet, () => this.draw());
    this.numbers = make("div.lab-numbers");
    this.note = make("p.widget-help.lab-note");
    this.mapHelp = make("p.widget-help");
    this.linkHelp = make("p.widget-help");
    const help = (words) => make("p.widget-help", {}, words);
    const panel = (title, ...shown) => make("div", {}, make("p.widget-title", {}, title), ...shown);
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
      make("div", {}, this.numbers, this.note, make("div.lab", {},
        panel("Decoded sheet", make("div.lab-tiles", {}, this.sheet, this.hatching.svg),
          make("p.widget-help", {}, this.sheetHelp, " Holes within two standard deviations, the ellipse: ", this.holes)),
        panel("Codes of test garments", this.map.canvas, this.mapHelp),
        panel("Over the steps", this.curves.svg, help(
          "Line: test garments. Dotted: training batches. Grey: the run before this one."))),
      help("Floor: the least D that any decoder can have. Mean image: what D costs without a code."),
      this.legend()),
      this.seeds.element,
      this.keras(),
      this.downloads(),
      this.linkHelp,
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

  keras() {
    this.code = make("code");
    const copy = make("button", { type: "button", onclick: async () => {
      this.program();
      const done = await navigator.clipboard?.writeText(this.code.textContent).then(() => true, () => false);
      this.say(done ? "The code is in the clipboard." : "The code could not be copied.");
      copy.textContent = done ? "Copied" : "Select and copy it by hand";
    } }, "Copy");
    this.copy = copy;
    const name = "The same model in Keras";
    return make("details.lab-code", { ontoggle: () => this.program() }, make("summary", {}, name),
      make("pre", { tabIndex: 0, role: "region", "aria-label": name }, this.code), copy);
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
      this.seeds.look(this.seen);
      if (this.seen && this.running) this.run();
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
    for (const { firstChild: input } of this.kinds) input.checked = input.value === `${variational}`;
    this.beta.value = BETAS.indexOf(variational ? beta : START.beta);
    this.beta.disabled = !variational;
    this.beta.setAttribute("aria-valuetext", variational ? `${beta}` : "none");
    this.betaText.textContent = variational ? `${beta}` : "–";
    this.seed.value = seed;
    this.hidden.value = hidden;
    const ahead = this.goal > this.steps;
    const [sign, text] = this.running ? ["❚❚ ", "Pause"] : ["▶ ", ahead ? `Train to step ${this.goal}` : "Train"];
    this.trainButton.replaceChildren(make("span", { "aria-hidden": "true" }, sign), text);
    this.note.textContent = this.running ? "" : ahead ? `The link was made at step ${this.goal}.` : this.atLimit ?? "";
    this.linkHelp.hidden = !this.el.closest("[data-widget]"); // a notebook has no links
    this.linkHelp.textContent = this.changed
      ? "β was changed during this training, so nobody could repeat it: a copied link has its settings, but not its steps."
      : "A copied link has the settings and the number of steps: whoever follows it can train the same model again.";
    this.sheetHelp.textContent = `Each place of the map, decoded; hatched where no garment’s code ${variational ? "was drawn" : "is"}.`;
    this.mapHelp.textContent = variational
      ? "The means. Circles of radius 1, 2 and 3: standard deviations of the prior."
      : "A plain autoencoder has no prior: the map goes where its codes go.";
    this.program();
    this.copy.textContent = "Copy";
  }

  /** Write the program anew, for as many epochs as have been trained. */
  program() {
    const { settings, changed } = this;
    this.code.textContent = kerasText({ ...settings, changed, epochs: this.report?.epoch || EPOCHS });
  }

  /**
   * Begin a new training; one that was running goes on with the new settings. With a goal, the steps
   * of a link, the reader's training pauses there.
   */
  async change(settings, goal = 0) {
    Object.assign(this.settings, settings);
    const version = ++this.version;
    Object.assign(this, { limit: MANY, atLimit: "", goal, steps: 0, changed: false });
    const report = await this.engine.ask("create", { slot: "page", settings: this.settings });
    if (version !== this.version) return;
    this.curves.clear();
    this.take(report);
    this.showSettings();
    if (this.running) this.run();
    else if (version > 1) this.say(this.words());
  }

  /** What makes a training the same: its settings and its steps, unless β has changed on the way. */
  get state() {
    const { variational, beta, hidden, seed } = this.settings;
    const steps = this.changed ? 0 : this.steps || this.goal;
    return { model: variational ? "vae" : "autoencoder", ...(variational && { beta }), hidden, seed, ...(steps && { steps }) };
  }

  async restore(link) {
    const found = read(link, {
      model: word("vae", "autoencoder"), beta: word(...BETAS), hidden: word(...HIDDEN), seed: whole(1, 9999),
      steps: whole(1, MOST),
    });
    if (!found || (found.model === "autoencoder" && "beta" in found)) return;
    if (this.running) this.toggle();
    const { model = "vae", steps = 0, ...settings } = found;
    await this.change({ ...START, ...settings, variational: model === "vae" }, steps);
  }

  sow(seed) {
    return this.change({ seed: Math.max(1, Math.min(9999, seed || 1)) });
  }

  /** Change β in the midst of a training. */
  price(beta) {
    this.settings.beta = beta;
    this.changed ||= this.steps > 0 || this.busy === this.version;
    this.goal = 0;
    this.engine.ask("beta", { slot: "page", beta });
    this.showSettings();
  }

  toggle() {
    this.running = !this.running;
    if (this.running) this.atLimit = "";
    this.showSettings();
    if (this.running) {
      this.limit = this.nextLimit();
      this.say("Training.");
      this.run();
    } else if (this.busy !== this.version) this.paused();
  }

  /** The epoch at which the training pauses the next time. */
  nextLimit() {
    return MANY * (1 + Math.floor(this.report.epoch / MANY));
  }

  /** The last steps have come in. */
  paused() {
    this.showSettings();
    this.say(`Paused. ${this.words()}`);
  }

  async step() {
    if (this.running) this.toggle();
    const { version } = this;
    const done = await this.advance(1);
    if (version !== this.version) return;
    if (this.running) return this.run(); // the reader pressed Train during the step
    if (!done) return;
    this.showSettings();
    this.say(this.words());
  }

  /** Train some steps, unless some are under way; whether there is a new report. */
  async advance(count) {
    if (this.busy === this.version) return false;
    const version = (this.busy = this.version);
    const report = await (this.coming = this.engine.ask("steps", { slot: "page", count }));
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
      const left = this.goal > step ? this.goal - step : Infinity;
      if (!(await this.advance(Math.min(this.every, left)))) return;
      if (this.every === 1) await new Promise(requestAnimationFrame);
      const now = performance.now();
      const rate = (1000 * (this.report.step - step)) / (now - before);
      this.rate = this.rate ? 0.8 * this.rate + 0.2 * rate : rate;
      before = now;
      const { epoch } = this.report;
      if (this.steps === this.goal) {
        this.atLimit = `Paused at step ${this.goal}, where the link was made.`;
        this.toggle();
      } else if (epoch >= this.limit && this.steps > this.goal) {
        this.atLimit = `Paused at ${epoch} epochs; Train goes on to ${this.nextLimit()}.`;
        this.toggle();
      }
    }
    if (!this.running && version === this.version) this.paused();
  }

  take(report) {
    if (!report.step) this.rate = null;
    Object.assign(this, { report, steps: report.step });
    this.curves.add(report);
    this.map.show(report.codes, report.window, this.settings.variational);
    this.redraw();
  }

  /** D, and for a VAE also R and −ELBO, in nats; as printed they add up. */
  account() {
    const { D, R } = this.report.test;
    if (R === undefined) return nats(D);
    const [d, r] = [D, R].map((x) => Number(x.toFixed(1)));
    return `${nats(d)} + ${nats(r)} = ${nats(d + r)}`;
  }

  words() {
    const { step, epoch, active } = this.report;
    const name = this.settings.variational ? "D + R" : "D";
    return `Step ${step}, epoch ${epoch}: ${name}: ${this.account()} nats; ${active} of ${CODE} latents in use.`;
  }

  draw() {
    if (!this.report) return;
    const { sheet, step, epoch, active, tiles } = this.report;
    paintSheet(this.sheet, sheet);
    this.hatching.show(tiles, this.report.window);
    const [holes, bulk] = countHoles(tiles);
    const share = `${Math.round((100 * holes) / bulk)}% (${holes} of ${bulk} tiles)`;
    this.holes.textContent = `${share}.`;
    this.sheet.setAttribute("aria-label", `Decoded sheet; holes: ${share}`);
    this.curves.draw();
    const rows = {
      "steps": `${step.toLocaleString("en")} (epoch ${epoch})`,
      [this.settings.variational ? "D + R = −ELBO, nats" : "D, nats"]: this.account(),
      "latents in use": `${active} of ${CODE}`,
      "speed, steps/s": this.rate ? Math.round(this.rate) : "–",
    };
    this.numbers.replaceChildren(...Object.entries(rows).map(([name, value]) =>
      make("p", {}, make("span", {}, name), " ", make("strong", {}, value))));
  }

  /** Give the weights to the reader, in the form of `latents.weights`; both files of one step. */
  async save(ending) {
    if (this.running) this.toggle();
    await this.coming;
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

/** How many tiles of the bulk are holes, and how many there are. */
const countHoles = ({ taken, bulk }) =>
  [...bulk].reduce(([holes, all], inside, n) => [holes + (inside && !taken[n]), all + inside], [0, 0]);

/** Lines over the tiles of a sheet that have no code, and the ellipse of the bulk. */
function hatching() {
  const line = (name) => draw("path", { class: name });
  const lines = [line("lab-under"), line("lab-over")]; // dark below bright: seen on every picture
  const rings = ["lab-under", "lab-over"].map((name) => draw("ellipse", { class: name }));
  const svg = draw("svg", { viewBox: `0 0 ${TILES} ${TILES}`, "aria-hidden": "true" }, ...lines, ...rings);
  const show = ({ taken, mean, sd }, { x, y, reach }) => {
    const d = Array.from(taken, (code, n) =>
      code ? "" : `M${n % TILES} ${Math.floor(n / TILES) + 1}l1 -1`).join("");
    for (const path of lines) path.setAttribute("d", d);
    const scale = TILES / (2 * reach);
    const place = {
      cx: scale * (reach + mean[0] - x), cy: scale * (reach + y - mean[1]), rx: 2 * scale * sd[0], ry: 2 * scale * sd[1],
    };
    for (const ring of rings) for (const [key, value] of Object.entries(place)) ring.setAttribute(key, value);
  };
  return { svg, show };
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
    el.widget = lab; // for links, and for tests
    return () => lab.stop();
  },
};
