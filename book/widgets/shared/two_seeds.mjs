// The task of the training lab: two VAEs that differ in their seed, and what their maps share.

import { CodeMap } from "./code_map.mjs";
import { make, written } from "./elements.mjs";
import { Task } from "./task.mjs";
import { AN_EPOCH } from "./training.mjs";

export const EPOCHS = 12; // of each of the two trainings

/**
 * Compare two maps of the same garments, (n · 2) codes each.
 *
 * `same` is how far the two codes of one garment are apart, `other` how far those of two different
 * garments. `agreement` is the share of the variance of one map that the other explains after the
 * best shift, scale and turn, with or without a mirror; with complex numbers the turn is a factor.
 * `angle`, in degrees against the clock, turns the second map, if `mirror` after y has become −y.
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

/** Say how the second map has to be turned; a positive angle is against the clock. */
export function turnWords(angle, mirror) {
  const way = angle < 0 ? "clockwise" : "anticlockwise";
  return `${mirror ? "flipped top to bottom and " : ""}turned by ${Math.round(Math.abs(angle))}° ${way}`;
}

export class TwoSeeds {
  /**
   * @param {import("./training_worker.mjs").Engine} engine
   * @param {number[]} labels  classes of the test garments
   * @param {() => void} begin  called before the two are trained
   */
  constructor(engine, labels, begin) {
    Object.assign(this, { engine, labels, begin, seen: true });
    this.element = this.build();
  }

  build() {
    this.maps = make("div.lab-pair");
    this.task = new Task({
      title: "train two VAEs that differ in nothing but the seed. What can you count on their maps to share?",
      questions: [{ choices: {
        place: "the place of each garment",
        shape: "the shape of the map, but neither its direction nor its side",
        nothing: "nothing",
      } }],
      work: `Train both for ${EPOCHS} epochs`,
      answer: (judge) => this.answer(judge),
      after: [this.maps],
    });
    return this.task.element;
  }

  /** Two different seeds, drawn at random. */
  pair() {
    const [first, second] = [9999, 9998].map((count) => 1 + Math.floor(count * Math.random()));
    return [first, second < first ? second : second + 1];
  }

  /** Nothing is trained where nobody looks. */
  look(seen) {
    this.seen = seen;
    if (seen) this.resume?.();
  }

  async answer(judge) {
    this.begin();
    const { button } = this.task;
    this.task.show("Training two models …");
    const seeds = this.pair();
    const reports = [];
    for (const [n, seed] of seeds.entries()) {
      const settings = { variational: true, hidden: 64, beta: 1, seed };
      await this.engine.ask("create", { slot: "pair", settings });
      for (let epoch = 1; epoch <= EPOCHS; epoch++) {
        if (!this.seen) await new Promise((resolve) => (this.resume = resolve));
        reports[n] = await this.engine.ask("steps", { slot: "pair", count: AN_EPOCH });
        button.textContent = `Seed ${seed}: epoch ${epoch} of ${EPOCHS} …`;
      }
    }
    button.textContent = "Another pair";
    return this.show(seeds, reports, judge);
  }

  /** Show both maps; return what they have in common. */
  show(seeds, reports, judge) {
    const reach = Math.max(...reports.map((report) => report.window.reach));
    const costs = reports.map(({ test }) => test.D + test.R);
    const nats = costs.map((cost) => written(cost, 1));
    this.found = { ...compareMaps(...reports.map(({ codes }) => codes)), costs };
    this.views ??= reports.map(() => ({ map: new CodeMap("", this.labels), title: make("p.widget-title") }));
    this.maps.replaceChildren(...this.views.map(({ map, title }, n) => {
      map.show(reports[n].codes, { x: 0, y: 0, reach }, true);
      map.canvas.setAttribute("aria-label", `Map of seed ${seeds[n]}`);
      title.textContent = `seed ${seeds[n]}: ${nats[n]} nats`;
      return make("div", {}, title, map.canvas);
    }));
    const { same, other, agreement, angle, mirror } = this.found;
    // The question is about any two seeds, so chance in this pair does not decide on the verdict.
    return [make("p", {},
      judge("shape"),
      "The prior is round, so every direction costs the same, and a map is as likely as its mirror image: half of all pairs are flipped. ",
      `On these two maps the codes of one garment are ${written(same, 1)} apart, those of two different garments ${written(other, 1)}. `,
      `Once ${turnWords(angle, mirror)}, moved and scaled, the second map accounts for ${Math.round(100 * agreement)}% of the variance of the first. `,
      `D + R: ${nats.join(" and ")} nats.`,
      same < other / 2 ? " These two happen to lie alike, which few pairs do." : "",
    )];
  }
}
