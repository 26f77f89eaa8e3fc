// The decoder made of distributions: sixteen numbers give 784 coins, shown as mean, mode and sample.

import { between, Coins, image, LATENTS, mode, sample, SIDE, SIZE } from "./shared/coins.mjs";
import { frames } from "./shared/curves.mjs";
import { generator, make, paint, replaced, speaker, still, unique, workButton, written } from "./shared/elements.mjs";
import { list, numbers, read, whole, word } from "./shared/link.mjs";
import { Task } from "./shared/task.mjs";

const SHOWN = 12; // random codes in the grid
const JUDGED = 96; // random codes in the task
const SEEDS = 9999; // of the grid
const REACH = 4; // of the sliders: hardly a normal number is larger
const FORMS = { mean: "Mean", mode: "Mode", sample: "Sample" };
const PLURALS = { mean: "means", mode: "modes", sample: "samples" };

const percent = (share) => `${written(100 * share)}%`;

class Desk {
  constructor(coins, el) {
    Object.assign(this, { coins, el, random: generator(Date.now()), form: "mean", seed: 0 });
    this.build();
  }

  /** Show a first code and a first dozen. */
  async begin() {
    this.set(this.drawn());
    await Promise.all([this.working, this.dozen()]);
  }

  drawn() {
    return Coins.codes(1, this.random.normal);
  }

  /** The code, how it is shown, the seed of the first of its tosses and how many there are. */
  get state() {
    const { code, form, seed, draws, dozenSeed } = this;
    return { z: list(code), form, toss: seed - draws + 1, draws, dozen: dozenSeed };
  }

  async restore(link) {
    const found = read(link, {
      z: numbers(LATENTS, [-9, 9]), form: word(...Object.keys(FORMS)),
      toss: whole(0, 999_999), draws: whole(1, 99_999), dozen: whole(1, SEEDS),
    });
    if (!found) return;
    const { z = Array(LATENTS).fill(0), form = "mean", toss = 0, draws = 1, dozen = 1 } = found;
    this.form = form;
    this.forms.find((radio) => radio.value === form).checked = true;
    this.seed = toss;
    this.set(z);
    await this.working;
    if (draws > 1) {
      this.seed++;
      this.tossed(draws - 1);
    }
    await this.dozen(false, dozen);
  }

  build() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    const tile = (label) =>
      make("canvas.codes-picture", { width: SIDE, height: SIDE, role: "img", "aria-label": label });
    const explained = {
      mean: "each pixel’s probability", mode: "bright if above one half", sample: "one toss of every coin",
    };
    this.pictures = { average: tile("Average of the draws") };
    const name = unique("codes-form");
    this.forms = [];
    const forms = Object.entries(FORMS).map(([value, text]) => {
      this.pictures[value] = tile(`${text}: ${explained[value]}`);
      const input = make("input", {
        type: "radio", name, value, checked: value === this.form,
        onchange: () => this.choose(value),
      });
      this.forms.push(input);
      return make("div", {}, this.pictures[value],
        make("label", {}, input, make("span", {}, ` ${text}`)),
        make("p.codes-note", {}, explained[value]));
    });
    this.count = make("p.codes-note.codes-count");
    this.sliders = this.coins.facts.order.map((place, rank) => this.slider(place, rank));
    this.along = make("input", {
      type: "range", min: 0, max: 1, step: 0.01,
      oninput: () => {
        this.stop();
        this.travel(Number(this.along.value)).then(() => this.say(this.described()));
      },
    });
    this.tiles = Array.from({ length: SHOWN }, (_, n) => {
      const canvas = make("canvas.codes-picture", { width: SIDE, height: SIDE });
      return make("button.codes-tile", {
        type: "button", "aria-label": `Put code ${n + 1} on the sliders`, "aria-pressed": false,
        onclick: () => this.take(n),
      }, canvas);
    });
    this.gridTitle = make("p.widget-title");
    const { active } = this.coins.facts;
    this.el.replaceChildren(
      make("div.codes", {},
        make("div", {},
          this.seen = make("div.codes-pictures", { role: "radiogroup", "aria-label": "Form in which codes are shown" },
            ...forms,
            make("div", {}, this.pictures.average, make("p.codes-average", {}, "Average"), this.count)),
          make("div.widget-controls.codes-draws", {},
            button("Toss again", () => this.toss(1)), button("100 tosses more", () => this.toss(100)))),
        make("div", { role: "group", "aria-label": "The code" },
          make("p.widget-title", {}, "A code of sixteen numbers, the strongest first"),
          make("div.codes-sliders", {}, ...this.sliders.map(({ row }) => row)),
          make("div.widget-controls", {},
            button("Random code", () => this.move(this.drawn(), "A random code")),
            button("Zero code", () => this.move(Array(LATENTS).fill(0), "The zero code")),
            button("Walk to another", () => this.walk()),
            make("label.codes-along", {}, "along the walk ", this.along)))),
      make("p.widget-help", {},
        "A bar shows how much the picture changes, on average, when this number alone is drawn anew. ",
        `The chapter counts ${active === LATENTS ? "all sixteen" : active} as active. `,
        "A walk leads to another random code, on the great arc. While a code moves, the coins fall the same way."),
      make("div.codes-dozen", { role: "group", "aria-label": "Twelve random codes" },
        make("div.codes-head", {}, this.gridTitle, workButton("Twelve others", () => this.dozen(true))),
        make("div.codes-grid", {}, ...this.tiles)),
      this.task(),
      spoken,
    );
  }

  slider(place, rank) {
    const { effects } = this.coins.facts;
    const input = make("input", {
      type: "range", min: -REACH, max: REACH, step: 0.01, "aria-label": `z ${place + 1}`,
      oninput: () => this.move(replaced(this.code, place, Number(input.value))),
    });
    const value = make("span.codes-value", { "aria-hidden": "true" });
    const bar = make("i", { "aria-hidden": "true" });
    bar.style.width = `${(100 * effects[rank]) / effects[0]}%`;
    const row = make("label", {},
      make("span.codes-name", {}, "z", make("sub", {}, `${place + 1}`)),
      make("span.codes-track", {}, input, bar), value);
    return { row, input, value, place };
  }

  task() {
    return new Task({
      title: "which of the three comes nearest to the speckle of real garments, binarized as for training?",
      before: ["In a picture of bits we call a pixel lonely if it differs from all its neighbours above, below, left and right. A binarized garment has some of them."],
      questions: [{ choices: { mean: "the mean", mode: "the mode", sample: "the sample" } }],
      work: "Count the lonely pixels",
      answer: (judge) => this.answer(judge),
    }).element;
  }

  /** Another code, by a button or a slider: walks begin here. */
  set(code) {
    this.stop();
    this.ends = [code, this.drawn()];
    this.along.value = 0;
    this.place(code);
  }

  /** Show another code and say what it gives, after words on what it is; a slider says that itself. */
  move(code, words = "") {
    this.set(code);
    this.working.then(() => this.say(`${words && `${words}: `}${this.described()}`));
  }

  described() {
    const bright = this.bits.mode.reduce((sum, bit) => sum + bit, 0);
    return `${bright} of ${SIZE} pixels are bright in the mode, ${this.bits.sample.reduce((sum, bit) => sum + bit, 0)} in the sample.`;
  }

  /** Show a code as soon as the decoder is free; of many in a row only the last counts. */
  place(code) {
    this.code = code;
    for (const { input, value, place } of this.sliders) {
      input.value = code[place];
      value.textContent = written(code[place]);
      input.setAttribute("aria-valuetext", written(code[place]));
    }
    this.along.setAttribute("aria-valuetext", `${Math.round(100 * this.along.value)}% of the way`);
    this.press();
    this.working ??= this.work().finally(() => (this.working = null));
    return this.working;
  }

  async work() {
    let decoded = null;
    while (decoded !== this.code && !this.over) {
      decoded = this.code;
      this.show(await this.coins.decode(decoded));
    }
  }

  show(pixels) {
    this.pixels = pixels;
    this.draws = 0;
    this.sum = new Float32Array(SIZE);
    this.bits = { mean: pixels, mode: mode(pixels) };
    for (const form of ["mean", "mode"]) paint(this.pictures[form], this.bits[form], SIDE);
    this.tossed(1);
  }

  /** Toss the coins of the code; the average of all tosses comes closer and closer to the mean. */
  tossed(times) {
    for (let n = 0; n < times; n++) {
      this.bits.sample = sample(this.pixels, this.seed + n);
      this.bits.sample.forEach((bit, i) => (this.sum[i] += bit));
    }
    this.draws += times;
    this.seed += times - 1;
    const average = this.sum.map((x) => x / this.draws);
    paint(this.pictures.sample, this.bits.sample, SIDE);
    paint(this.pictures.average, average, SIDE);
    this.away = average.reduce((sum, x, i) => sum + Math.abs(x - this.pixels[i]), 0) / SIZE;
    this.count.textContent =
      `of ${this.draws} ${this.draws === 1 ? "toss" : "tosses"}, ${written(this.away, 3)} from the mean`;
  }

  toss(times) {
    this.seed++;
    this.tossed(times);
    this.paintDozen();
    this.say(`${this.draws} tosses; their average is ${written(this.away, 3)} from the mean, on average over the pixels.`);
  }

  choose(form) {
    this.form = form;
    this.paintDozen();
  }

  /** Decode twelve random codes. */
  async dozen(aloud, seed = 1 + Math.floor(SEEDS * this.random.uniform())) {
    const { normal } = generator(seed);
    const codes = Array.from({ length: SHOWN }, () => Coins.codes(1, normal));
    this.twelve = await this.coins.decode(codes.flat());
    Object.assign(this, { codes, dozenSeed: seed }); // only now: a tile is what it shows
    this.press();
    this.paintDozen();
    if (aloud) this.say("Twelve other random codes are decoded.");
  }

  paintDozen() {
    this.gridTitle.textContent = `Twelve random codes, shown as their ${PLURALS[this.form]}`;
    this.tiles.forEach((tile, n) => {
      const p = image(this.twelve, n);
      const shown = { mean: p, mode: mode(p), sample: sample(p, 1000 * (n + 1) + this.seed) };
      paint(tile.firstChild, shown[this.form], SIDE);
    });
  }

  /** Mark the tile whose code is on the sliders. */
  press() {
    this.tiles.forEach((tile, n) => tile.setAttribute("aria-pressed", this.codes?.[n] === this.code));
  }

  take(n) {
    this.move(this.codes[n], `Code ${n + 1}`);
    this.seen.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
  }

  travel(t) {
    this.along.value = t;
    return this.place(this.ends[t] ?? between(...this.ends, t));
  }

  /** Walk on whenever the last picture is decoded; out of view the walk waits. */
  walk() {
    this.set(this.code);
    const [steps, pause] = still() ? [5, 700] : [90, 0];
    let [step, due] = [0, 0];
    this.stopWalk = frames(this.el, () => {
      if (this.working || performance.now() < due) return true;
      if (step === steps) {
        this.say(`The walk has ended: ${this.described()}`);
        return false;
      }
      due = performance.now() + pause;
      this.travel(++step / steps);
      return true;
    });
  }

  stop() {
    this.stopWalk?.();
    this.stopWalk = null;
  }

  /** Count lonely pixels; bits of real garments are the control. */
  async answer(judge) {
    const found = await this.coins.speckle(JUDGED, 7);
    const off = (form) => Math.abs(found[form] - found.garment);
    const nearest = off("sample") < off("mode") ? "sample" : "mode";
    const names = {
      garment: "bits of real test garments (control)", sample: `samples of ${JUDGED} random codes`, mode: "modes of the same codes",
    };
    const longest = Math.max(...Object.values(found));
    const rows = Object.entries(names).map(([key, text]) => {
      const bar = make("i");
      bar.style.width = `${(100 * found[key]) / longest}%`;
      return make("tr", {}, make("th", { scope: "row" }, text), make("td", {}, percent(found[key])),
        make("td.desk-bar", { "aria-hidden": "true" }, bar));
    });
    return [
      make("p", {}, judge(nearest),
        `The ${nearest} comes nearest. `,
        found.sample > found.garment
          ? "Samples have more speckle than garments: more of the decoder’s probabilities are far from 0 and 1, and there a toss decides. "
          : "",
        "The mode hides the chance that is in the data. The mean is grey: it has no bits, so its lonely pixels cannot be counted."),
      make("table.desk-table", {}, make("caption", {}, "lonely pixels, of all pixels"), make("tbody", {}, ...rows)),
    ];
  }

  end() {
    this.over = true;
    this.stop();
    return this.coins.network.release();
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const coins = await Coins.read(model.get("files"), model.get("progress"));
    const desk = new Desk(coins, el);
    await desk.begin();
    el.widget = desk; // for links, and for tests
    return () => desk.end();
  },
};
