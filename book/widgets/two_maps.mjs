// Two maps, one point: a plain autoencoder beside a variational one.
//
// Places are in units of each model's own spread: for the VAE of its prior, N(0, I); for the plain
// autoencoder, which has none, of the mean and the standard deviation of its codes. So one gesture
// moves both points to comparable places.

import { generator, make, paint, speaker, still, written } from "./shared/elements.mjs";
import { marker } from "./shared/markers.mjs";
import { halfSize, nearest, readParts, readPictures, fetched } from "./shared/networks.mjs";
import { decodedSheet, Plane } from "./shared/plane.mjs";

const REACH = 3;
const SIDE = 28;
const DRAWS = 1000;
const NAMES = { autoencoder: "Plain autoencoder", vae: "Variational autoencoder" };

/** What the widget computes, without anything that is seen. */
export class Models {
  constructor(parts, pictures, facts) {
    Object.assign(this, { pictures, facts });
    this.decoders = { autoencoder: parts.autoencoder_decoder, vae: parts.vae_decoder };
    this.codes = { autoencoder: parts.autoencoder_codes, vae: parts.vae_codes };
  }

  static async read(files) {
    const [parts, pictures, facts] = await Promise.all([
      readParts(`${files}two_maps`),
      readPictures(`${files}garments.png`, SIDE / 2),
      fetched(`${files}two_maps_facts.json`).then((answer) => answer.json()),
    ]);
    return new Models(parts, pictures, facts);
  }

  /** The code at a place of the map. */
  code(model, place) {
    const { center, spread } = this.facts.models[model];
    return place.map((u, i) => center[i] + spread[i] * u);
  }

  /** The place of the code of a test garment. */
  placeOf(model, number) {
    const { center, spread } = this.facts.models[model];
    const code = this.codes[model].subarray(2 * number, 2 * number + 2);
    return center.map((c, i) => (code[i] - c) / spread[i]);
  }

  /** Decode a place: the picture, the class of the nearest garment, the distance to it. */
  look(model, place) {
    const pixels = this.decoders[model].apply(Float32Array.from(this.code(model, place)));
    const [number, distance] = nearest(halfSize(pixels, SIDE / 2), this.pictures);
    return { pixels, distance, label: Number(this.facts.train_labels[number]) };
  }

  /** Whether a distance is larger than that of 95 % of the copies of test garments. */
  far(model, distance) {
    return distance > this.facts.models[model].copies[1];
  }
}

class TwoMaps {
  constructor(models, el, state) {
    Object.assign(this, { models, el, facts: models.facts });
    this.places = { autoencoder: [0, 0], vae: [0, 0] };
    this.random = generator(state.seed ?? Date.now());
    this.build();
    this.start = state.place ?? this.facts.start;
    this.moveBoth(this.start);
  }

  build() {
    this.views = {};
    const maps = Object.keys(NAMES).map((model) => this.column(model));
    this.together = make("input", { type: "checkbox", checked: true });
    const chosen = (name, label) => {
      const option = (text, i) => make("option", { value: i, selected: i === label }, text);
      return make("select", { "aria-label": name }, ...this.facts.names.map(option));
    };
    this.from = chosen("Walk from", 9);
    this.to = chosen("Walk to", 3);
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    this.spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(this.spoken);
    this.el.replaceChildren(
      make("div.two-maps", {}, ...maps),
      make(
        "div.widget-controls", {},
        button("Random code", () => this.draw()),
        make("span.widget-group", {}, "from", this.from, "to", this.to,
          button("Walk", () => this.walk())),
        make("label", {}, this.together, " move both"),
        button("Start", () => this.moveBoth(this.start)),
        button("Copy link", (event) => this.link(event.currentTarget)),
      ),
      this.legend(),
      this.task(),
      this.spoken,
    );
  }

  column(model) {
    const { facts } = this;
    const plane = new Plane({
      name: NAMES[model],
      reach: REACH,
      axes: ["across", "up"],
      moved: (place) => this.moved(model, place),
      keys: {
        r: () => this.draw(), R: () => this.draw(), Escape: () => this.moveBoth(this.start),
      },
    });
    const dots = [...facts.labels].map((label, i) => [...this.models.placeOf(model, i), Number(label)]);
    const inside = dots.filter(([x, y]) => Math.max(Math.abs(x), Math.abs(y)) <= REACH);
    const codeAt = (place) => this.models.code(model, place);
    plane.show(inside, decodedSheet(this.models.decoders[model], codeAt, REACH, 11, SIDE));
    const picture = make("canvas.widget-picture", {
      width: SIDE, height: SIDE, role: "img", "aria-label": "The decoded picture",
    });
    const words = make("p.two-maps-words");
    const bar = make("div.two-maps-bar", { "aria-hidden": "true" }, make("i"), make("b"));
    this.views[model] = { plane, picture, words, bar };
    return make(
      "section", { "aria-label": NAMES[model] },
      make("p.widget-title", {}, NAMES[model]),
      plane.element,
      make("div.two-maps-seen", {}, picture, make("div", {}, words, bar)),
    );
  }

  legend() {
    const buttons = this.facts.names.map((name, label) =>
      make(
        "button", {
          type: "button", "aria-pressed": "false",
          onclick: (event) => this.light(label, event.currentTarget),
        },
        marker(label), name,
      ),
    );
    return make("div.widget-legend", { role: "group", "aria-label": "Show one class" }, ...buttons);
  }

  light(label, button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const each of button.parentNode.children) each.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(on));
    for (const { plane } of Object.values(this.views)) plane.light(on ? label : null);
  }

  task() {
    const choices = { autoencoder: "the plain autoencoder", vae: "the VAE", both: "both alike" };
    const radios = Object.entries(choices).map(([value, text]) =>
      make("label", {}, make("input", { type: "radio", name: "two-maps-guess", value }), ` ${text}`),
    );
    this.count = make("button", { type: "button", onclick: () => this.answer() },
      `Draw ${DRAWS.toLocaleString("en")} and count`);
    this.result = make("div.widget-answer", { role: "status" });
    return make(
      "fieldset.widget-task", {},
      make("legend", {}, "Predict, then try"),
      make("p", {}, "Which decoder turns random codes more often into something that is no garment?"),
      make("div.widget-choices", {}, ...radios),
      make("p", {}, "Find such a place by hand first: the bar below a picture tells when you have one."),
      this.count,
      this.result,
    );
  }

  moved(model, place) {
    this.stop();
    for (const other of Object.keys(NAMES))
      if (other === model || this.together.checked) this.set(other, place);
    this.speak();
  }

  moveBoth(place) {
    this.stop();
    for (const model of Object.keys(NAMES)) this.set(model, place);
    this.speak();
  }

  set(model, place) {
    const { plane, picture, words, bar } = this.views[model];
    plane.set(place);
    this.places[model] = plane.place;
    const seen = this.models.look(model, plane.place);
    const [, limit] = this.facts.models[model].copies;
    const far = this.models.far(model, seen.distance);
    paint(picture, seen.pixels, SIDE);
    const code = this.models.code(model, plane.place).map((z) => written(z)).join(", ");
    const name = this.facts.names[seen.label];
    const verdict = far ? "▲ farther than 95 % of the copies" : "as near as the copies of real ones";
    words.replaceChildren(
      make("span", {}, `code ${code}`),
      make("span", {}, `nearest garment: ${name}, at ${written(seen.distance, 3)}`),
      make("strong", {}, verdict),
    );
    bar.dataset.far = far;
    bar.firstChild.style.width = `${Math.min(100, (50 * seen.distance) / limit)}%`;
    this.views[model].said = `${NAMES[model]}: ${name}, distance ${written(seen.distance, 3)}, ${verdict.replace("▲ ", "")}`;
    plane.describe(`${name}, ${verdict.replace("▲ ", "")}`);
    picture.setAttribute("aria-label", `Decoded picture, nearest to: ${name}`);
  }

  speak() {
    this.say(Object.values(this.views).map((view) => view.said).join(". "));
  }

  draw() {
    this.moveBoth([this.random.normal(), this.random.normal()]);
  }

  /** Put the place into the address of the page, and the address into the clipboard. */
  async link(button) {
    const place = this.places.vae.map((u) => u.toFixed(2)).join(",");
    history.replaceState(null, "", `#z=${place}&m=two_maps`);
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    this.say(copied ? "The link is copied." : "The address of the page now has this place.");
    button.textContent = copied ? "Copied" : "See the address";
    setTimeout(() => (button.textContent = "Copy link"), 2000);
  }

  walk() {
    this.stop();
    const ends = [this.from, this.to].map((select) => this.facts.firsts[select.selectedIndex]);
    const paths = Object.keys(NAMES).map((model) => [
      model, ...ends.map((number) => this.models.placeOf(model, number)),
    ]);
    const steps = still() ? 5 : 90;
    let step = 0;
    const next = () => {
      for (const [model, a, b] of paths)
        this.set(model, a.map((x, i) => x + ((b[i] - x) * step) / steps));
      if (step++ < steps) this.timer = setTimeout(next, still() ? 700 : 33);
      else this.speak();
    };
    next();
  }

  stop() {
    clearTimeout(this.timer);
  }

  /** Draw random codes for both models, and count what is farther from all garments than copies. */
  async answer() {
    this.count.disabled = true;
    const guess = this.el.querySelector("input[name=two-maps-guess]:checked")?.value;
    const { normal } = generator(7);
    const counts = { autoencoder: 0, vae: 0 };
    const worst = { autoencoder: [0], vae: [0] };
    for (let n = 0; n < DRAWS; n++) {
      const place = [normal(), normal()];
      for (const model of Object.keys(NAMES)) {
        const { distance } = this.models.look(model, place);
        counts[model] += this.models.far(model, distance);
        if (distance > worst[model][0]) worst[model] = [distance, place];
      }
      if (n % 100 === 99) {
        this.result.textContent = `${n + 1} of ${DRAWS} …`;
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    const expected = DRAWS / 20; // of copies themselves, by definition
    const most = counts.autoencoder > counts.vae ? "autoencoder" : "vae";
    const verdict = { undefined: "", [most]: "Right. " }[guess] ?? "Not quite. ";
    const rest =
      counts.vae > 1.2 * expected
        ? "The VAE has such places too; most of them lie far from the middle."
        : "With the VAE that is hardly more than the copies themselves.";
    this.stop();
    for (const model of Object.keys(NAMES)) this.set(model, worst[model][1]);
    this.result.replaceChildren(
      make("strong", {}, verdict),
      `Of ${DRAWS.toLocaleString("en")} random codes the plain autoencoder decodes ${counts.autoencoder}`,
      ` to something farther from every garment than 95 % of the copies, the VAE ${counts.vae}. `,
      `Copies of real garments would give ${expected}. The maps show the worst of each. ${rest}`,
    );
    this.count.disabled = false;
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const models = await Models.read(model.get("files"));
    const widget = new TwoMaps(models, el, model.get("state") ?? {});
    el.widget = widget; // for tests
    return () => widget.stop();
  },
};
