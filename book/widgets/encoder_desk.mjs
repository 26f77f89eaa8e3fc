// The encoder's desk: a garment that can be painted on, what the encoder says of it, and the truth.

import { Board } from "./shared/board.mjs";
import { generator, make, paint, replaced, speaker, written } from "./shared/elements.mjs";
import { Truth } from "./shared/gaussians.mjs";
import { Lens } from "./shared/lens.mjs";
import { readPictures, readTrained } from "./shared/networks.mjs";

const SIDE = 14;
const SIZE = SIDE ** 2;
const LIMITS = { mean: [-4, 4], sd: [0.005, 1.5] };
const clamp = (x, [low, high]) => Math.max(low, Math.min(high, x));

/** What the widget computes, without anything that is seen. */
export class Model {
  constructor(parts, facts, garments) {
    Object.assign(this, { garments, facts, encoder: parts.small_vae_encoder });
    this.decoder = parts.small_vae_decoder;
    this.truth = new Truth(this.decoder, facts.variance);
  }

  static async read(files) {
    const [[parts, facts], garments] = await Promise.all([
      readTrained(files, "encoder_desk"),
      readPictures(files, "small_garments.png", SIDE),
    ]);
    return new Model(parts, facts, garments);
  }

  garment(number) {
    return this.garments.subarray(number * SIZE, (number + 1) * SIZE);
  }

  /** The Gaussian that the encoder gives: {mean: [2], sd: [2]}. */
  encode(x) {
    const [a, b, u, v] = this.encoder.apply(x);
    return { mean: [a, b], sd: [Math.exp(u / 2), Math.exp(v / 2)] };
  }

  /** All numbers of the account for an image and a Gaussian, in nats, without the constant. */
  account(x, q, posterior = this.truth.posterior(x)) {
    const { D, R } = this.truth.account(x, q);
    return { D, R, bound: D + R, evidence: -posterior.logEvidence, gap: D + R + posterior.logEvidence };
  }
}

class Desk {
  constructor(model, el) {
    Object.assign(this, { model, el, random: generator(1), byHand: false, samples: 5 });
    this.build();
    this.choose(0);
  }

  build() {
    const { facts } = this.model;
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    this.board = new Board(SIDE, () => this.painted(), this.say);
    this.menu = make("select", {
      "aria-label": "Garment", onchange: () => this.choose(this.menu.selectedIndex),
    }, ...facts.garments.map((text) => make("option", {}, text)));
    const tools = ["erase", "paint"].map((text, value) =>
      make("label", {}, make("input", {
        type: "radio", name: "desk-tool", checked: value === 0, onchange: () => (this.board.tool = value),
      }), ` ${text}`));
    this.lens = new Lens({
      center: (x, y) => this.hand({ mean: [x, y] }),
      width: (axis, sd) => this.hand({ sd: replaced(this.q.sd, axis, sd) }),
    });
    this.sliders = [
      ["middle across", "mean", 0], ["middle up", "mean", 1],
      ["width across", "sd", 0], ["width up", "sd", 1],
    ].map(([label, kind, axis]) => {
      const [low, high] = kind === "sd" ? LIMITS.sd.map(Math.log) : LIMITS.mean;
      const input = make("input", {
        type: "range", min: low, max: high, step: 0.01, "aria-label": `Ellipse: ${label}`,
        oninput: () => {
          const value = Number(input.value);
          this.hand({ [kind]: replaced(this.q[kind], axis, kind === "sd" ? Math.exp(value) : value) });
        },
      });
      return { input, kind, axis, label };
    });
    this.exact = make("input", { type: "checkbox", checked: true, onchange: () => this.place() });
    this.count = make("select", {
      "aria-label": "Number of samples",
      onchange: () => { this.samples = Number(this.count.value); this.show(); },
    }, ...[1, 2, 5, 10, 50].map((n) => make("option", { value: n, selected: n === 5 }, `${n}`)));
    this.owner = make("p.desk-owner");
    this.copies = ["reconstruction", "error"].map((name) => ({
      name,
      canvas: make("canvas.widget-picture", { width: SIDE, height: SIDE, role: "img", "aria-label": name }),
    }));
    const rows = [
      ["D", "distortion D"], ["R", "rate R"], ["bound", "−ELBO = D + R"],
      ["evidence", "−log p(x)"], ["gap", "gap"], ["importance", "−IWAE(K), one draw"],
    ];
    this.rows = Object.fromEntries(rows.map(([key]) => [key, { value: make("td"), bar: make("i") }]));
    const table = make("table.desk-table", {},
      make("caption", {}, "in nats, without the constant of the likelihood"),
      make("tbody", {}, ...rows.map(([key, text]) => make("tr", {},
        make("th", { scope: "row" }, text), this.rows[key].value,
        make("td.desk-bar", { "aria-hidden": "true" }, this.rows[key].bar)))));
    this.el.replaceChildren(
      make("div.desk", {},
        make("div", { role: "group", "aria-label": "Picture" },
          make("p.widget-title", {}, "Garment"), this.board.canvas,
          make("p.widget-help", {}, "Draw with the pointer; or arrow keys, Space paints, X erases, U undoes."),
          make("div.widget-controls", {}, this.menu, ...tools,
            button("Undo", () => this.board.undo()),
            button("Restore", () => this.choose(this.menu.selectedIndex)))),
        make("div", { role: "group", "aria-label": "Code" },
          make("p.widget-title", {}, "Code: encoder and exact posterior"), this.lens.canvas,
          make("div.desk-sliders", {}, ...this.sliders.map(({ input, label }) =>
            make("label", {}, make("span", {}, label), input)))),
        make("div", { role: "group", "aria-label": "Decoder" },
          ...this.copies.flatMap(({ name, canvas }) => [make("p.widget-title", {}, name), canvas]))),
      make("div.widget-controls", {},
        make("label", {}, this.exact, " exact posterior"),
        make("span.widget-group", {}, "samples", this.count, button("Draw again", () => this.show())),
        button("Best ellipse", () => this.descend()),
        button("Back to the encoder", () => this.painted())),
      this.owner,
      table,
      this.task(),
      spoken,
    );
  }

  task() {
    const choices = { D: "the distortion D", R: "the rate R" };
    this.result = make("div.widget-answer", { role: "status" });
    return make("fieldset.widget-task", {},
      make("legend", {}, "Predict, then try: erase one sleeve of the pullover. Which number changes more?"),
      make("div.widget-choices", {}, ...Object.entries(choices).map(([value, text]) =>
        make("label", {}, make("input", { type: "radio", name: "desk-guess", value }), ` ${text}`))),
      make("button", { type: "button", onclick: () => this.answer() }, "Compare with the whole garment"),
      this.result,
      make("p", {}, "Then drag the ellipse yourself, and make the gap smaller than the encoder does. What is left when “Best ellipse” has done its work is, as far as its search can tell, the part that no upright ellipse can close."));
  }

  /** Take another garment, unpainted. */
  choose(number) {
    this.menu.selectedIndex = number;
    this.board.load(this.model.garment(number));
    this.painted();
  }

  /** The picture has changed: the encoder answers, and the posterior is another one. */
  painted() {
    this.stop();
    this.x = this.board.pixels;
    this.q = this.model.encode(this.x);
    this.byHand = false;
    this.posterior = this.model.truth.posterior(this.x);
    this.place();
  }

  /** Choose the window so that encoder and posterior are both in it. */
  place() {
    const { truth } = this.model;
    const box = [Infinity, -Infinity, Infinity, -Infinity];
    const include = (x, y, dx, dy) => {
      box[0] = Math.min(box[0], x - dx);
      box[1] = Math.max(box[1], x + dx);
      box[2] = Math.min(box[2], y - dy);
      box[3] = Math.max(box[3], y + dy);
    };
    this.posterior.mass.forEach((mass, n) => {
      if (mass > 0.002) include(...truth.cell(n), truth.step / 2, truth.step / 2);
    });
    include(...this.q.mean, 3 * this.q.sd[0], 3 * this.q.sd[1]);
    const half = 0.55 * Math.max(box[1] - box[0], box[3] - box[2]);
    const window = { x: (box[0] + box[1]) / 2, y: (box[2] + box[3]) / 2, half };
    let density = null;
    if (this.exact.checked) {
      const codes = Lens.grid(window);
      const logs = truth.logJoint(this.x, codes, this.model.decoder.apply(codes));
      const top = logs.reduce((a, b) => Math.max(a, b));
      density = logs.map((value) => Math.exp(value - top));
    }
    this.lens.look(window, density);
    this.show();
  }

  /** The reader moves the ellipse. */
  hand(change) {
    this.stop();
    const q = { ...this.q, ...change };
    this.q = {
      mean: q.mean.map((x) => clamp(x, LIMITS.mean)),
      sd: q.sd.map((x) => clamp(x, LIMITS.sd)),
    };
    this.byHand = true;
    this.show();
  }

  /** Look for the best upright ellipse, before the reader's eyes. */
  descend() {
    this.stop();
    const path = this.model.truth.descend(this.x, this.q);
    const next = () => {
      const { value, done } = path.next();
      if (done) return this.show();
      this.q = value.q;
      this.byHand = true;
      this.show();
      this.timer = setTimeout(next, 30);
    };
    next();
  }

  stop() {
    clearTimeout(this.timer);
  }

  show() {
    const { truth, decoder } = this.model;
    const { q, x } = this;
    this.account = this.model.account(x, q, this.posterior);
    const importance = truth.importance(x, q, this.samples, this.random.normal);
    const image = decoder.apply(Float32Array.from(q.mean));
    paint(this.copies[0].canvas, image, SIDE);
    paint(this.copies[1].canvas, image.map((y, i) => Math.abs(y - x[i])), SIDE);
    this.lens.q = q;
    this.lens.samples = Array.from({ length: Math.min(this.samples, 50) }, () =>
      q.mean.map((m, i) => m + q.sd[i] * this.random.normal()));
    this.lens.redraw();
    for (const { input, kind, axis } of this.sliders) {
      input.value = kind === "sd" ? Math.log(q.sd[axis]) : q.mean[axis];
      input.setAttribute("aria-valuetext", written(q[kind][axis], 3));
    }
    const numbers = { ...this.account, importance };
    const longest = Math.max(numbers.bound, importance, 1);
    for (const [key, { value, bar }] of Object.entries(this.rows)) {
      value.textContent = written(numbers[key], key === "gap" ? 2 : 1);
      bar.style.width = `${clamp((100 * numbers[key]) / longest, [0, 100])}%`;
    }
    const { window } = this.lens;
    const outside = Math.max(Math.abs(q.mean[0] - window.x), Math.abs(q.mean[1] - window.y)) > window.half;
    this.owner.textContent = outside
      ? "The ellipse is outside of the window; “Back to the encoder” brings it back."
      : this.byHand ? "The ellipse is yours: the encoder is switched off." : "The ellipse is the encoder’s answer.";
    if (this.ready)
      this.say(`D ${written(numbers.D, 1)}, R ${written(numbers.R, 1)}, gap ${written(numbers.gap, 2)} nats`);
    this.ready = true;
  }

  /** Compare the painted garment with the whole one, both as the encoder sees them. */
  answer() {
    const whole = this.model.garment(this.menu.selectedIndex);
    if (this.x.every((value, i) => value === whole[i])) {
      this.result.textContent = "The garment is whole: erase something first.";
      return;
    }
    const [before, now] = [whole, this.x].map((x) => this.model.truth.account(x, this.model.encode(x)));
    const change = { D: now.D - before.D, R: now.R - before.R };
    const most = Math.abs(change.D) > Math.abs(change.R) ? "D" : "R";
    const guess = this.el.querySelector("input[name=desk-guess]:checked")?.value;
    const verdict = guess === undefined ? "" : guess === most ? "Right. " : "Not quite. ";
    const signed = (x) => (x < 0 ? written(x, 1) : `+${written(x, 1)}`);
    this.result.replaceChildren(
      make("strong", {}, verdict),
      `D ${signed(change.D)} nats, R ${signed(change.R)} nats. `,
      change.D < 0 ? "A garment with fewer bright pixels is easier to copy." : "What the decoder cannot draw is paid as distortion.",
    );
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const desk = new Desk(await Model.read(model.get("files")), el);
    el.widget = desk; // for tests
    return () => desk.stop();
  },
};
