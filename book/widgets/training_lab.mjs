// Train an autoencoder or a VAE in the page, on two thousand real garments of 14 × 14 pixels.

import { CodeMap } from "./shared/code_map.mjs";
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
    this.map = new CodeMap("Codes of 500 test garments", this.labels);
    this.curves = new Curves(this.facts);
    this.seeds = new TwoSeeds(this.engine, this.labels, () => {
      if (this.running) this.toggle();
    });
    this.redraw = onceAFrame(this.sheet, () => this.draw());
    this.numbers = make("div.lab-numbers");
    this.note = make("span.widget-help.lab-aside");
    this.mapHelp = make("p.widget-help");
    const help = (words) => make("p.widget-help", {}, words);
    const panel = (title, ...shown) => make("div", {}, make("p.widget-title", {}, title), ...shown);
    this.el.replaceChildren(
      make("div.widget-controls.lab-controls", {},
        this.trainButton, button("Step", () => this.step()), button("Reset", () => this.change({})),
        make("label", {}, "a picture every ", this.speed),
        make("span.widget-group", {}, make("label", {}, "seed ", this.seed),
          button("New seed", () => this.sow(1 + Math.floor(9999 * Math.random())))),
        this.note),
      make("div.widget-controls", {},
        make("span.widget-group", { role: "radiogroup", "aria-label": "Model" }, ...this.kinds),
        make("label.lab-price", {}, "β ", this.beta, this.betaText),
        make("label", {}, "hidden units ", this.hidden)),
      make("div", {}, this.numbers, make("div.lab", {},
        panel("Decoded sheet", this.sheet, help("What the decoder makes of each place of the map of codes.")),
        panel("Codes of test garments", this.map.canvas, this.mapHelp),
        panel("Over the steps", this.curves.svg, help(
          "Line: test garments. Dotted: training batches. Grey: the run before this one."))),
      help("Floor: the least D that any decoder can have. Mean image: what D costs without a code."),
      this.legend()),
      this.seeds.element,
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
    this.beta.value = BETAS.indexOf(beta);
    this.beta.disabled = !variational;
    this.beta.setAttribute("aria-valuetext", `${beta}`);
    this.betaText.textContent = variational ? `${beta}` : "–";
    this.seed.value = seed;
    this.hidden.value = hidden;
    const [sign, text] = this.running ? ["❚❚ ", "Pause"] : ["▶ ", "Train"];
    this.trainButton.replaceChildren(make("span", { "aria-hidden": "true" }, sign), text);
    this.note.textContent = this.running ? "" : (this.atLimit ?? "");
    this.mapHelp.textContent = variational
      ? "Circles of radius 1, 2 and 3: standard deviations of the prior."
      : "A plain autoencoder has no prior: the map goes where its codes go.";
    this.program();
    this.copy.textContent = "Copy";
  }

  /** Write the program anew, for as many epochs as have been trained. */
  program() {
    const { settings, changed } = this;
    this.code.textContent = kerasText({ ...settings, changed, epochs: this.report?.epoch || EPOCHS });
  }

  /** Begin a new training; one that was running goes on with the new settings. */
  async change(settings) {
    Object.assign(this.settings, settings);
    const version = ++this.version;
    Object.assign(this, { limit: MANY, atLimit: "" });
    const report = await this.engine.ask("create", { slot: "page", settings: this.settings });
    if (version !== this.version) return;
    this.changed = false;
    this.curves.clear();
    this.take(report);
    this.showSettings();
    if (this.running) this.run();
    else if (version > 1) this.say(this.words());
  }

  /** The settings of a training; it is as long as its reader trains. */
  get state() {
    const { variational, beta, hidden, seed } = this.settings;
    return { model: variational ? "vae" : "autoencoder", beta, hidden, seed };
  }

  async restore(link) {
    const found = read(link, {
      model: word("vae", "autoencoder"), beta: word(...BETAS), hidden: word(...HIDDEN), seed: whole(1, 9999),
    });
    if (!found) return;
    if (this.running) this.toggle();
    const { model = "vae", ...settings } = found;
    await this.change({ ...START, ...settings, variational: model === "vae" });
  }

  sow(seed) {
    return this.change({ seed: Math.max(1, Math.min(9999, seed || 1)) });
  }

  /** Change β in the midst of a training. */
  price(beta) {
    this.settings.beta = beta;
    this.changed ||= this.report?.step > 0 || this.busy === this.version;
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
      if (!(await this.advance(this.every))) return;
      if (this.every === 1) await new Promise(requestAnimationFrame);
      const now = performance.now();
      const rate = (1000 * (this.report.step - step)) / (now - before);
      this.rate = this.rate ? 0.8 * this.rate + 0.2 * rate : rate;
      before = now;
      if (this.report.epoch >= this.limit) {
        const { epoch } = this.report;
        this.atLimit = `paused at ${epoch} epochs; Train goes on to ${this.nextLimit()}`;
        this.toggle();
      }
    }
    if (!this.running && version === this.version) this.paused();
  }

  take(report) {
    if (!report.step) this.rate = null;
    this.report = report;
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
    const { sheet, step, epoch, active } = this.report;
    paintSheet(this.sheet, sheet);
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
