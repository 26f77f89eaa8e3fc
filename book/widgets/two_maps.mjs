// Two maps, one point: a plain autoencoder beside a variational one.
//
// Places are in units of each model's own spread: for the VAE of its prior, N(0, I); for the plain
// autoencoder, which has none, of the mean and the standard deviation of its codes. So one gesture
// moves both points to comparable places. A place without any garment's code nearby is a hole.
//
// Whether the picture there is strange is another question: it is compared with real garments, pixel
// by pixel. Where it is unlike all of them, the reader has found something, and the place is marked,
// on whatever way the point came there. Only the place where the maps begin is nobody's find.

import { frames } from "./shared/curves.mjs";
import { generator, make, paint, speaker, still, unique, written } from "./shared/elements.mjs";
import { list, numbers, read } from "./shared/link.mjs";
import { marker } from "./shared/markers.mjs";
import { Gallery, nearest, readPictures, readTrained } from "./shared/networks.mjs";
import { decodedSheet, Plane } from "./shared/plane.mjs";
import { Task } from "./shared/task.mjs";

const REACH = 3;
const SIDE = 28;
const APART = 0.5; // on the map: a find that is nearer to the start or to an earlier one is not new
const DIGITS = 3; // of a place: finer than a pixel, and a link has all of them
const DRAWS = 1000;
const NAMES = { autoencoder: "Plain autoencoder", vae: "Variational autoencoder" };
const MODELS = Object.keys(NAMES);

/** What the widget computes, without anything that is seen. */
export class Models {
  constructor(parts, facts, garments) {
    Object.assign(this, { facts, garments: new Gallery(garments, SIDE ** 2) });
    this.decoders = { autoencoder: parts.autoencoder_decoder, vae: parts.vae_decoder };
    const codes = { autoencoder: parts.autoencoder_codes, vae: parts.vae_codes };
    this.places = {}; // of the codes of test garments, on the map
    for (const model of MODELS) {
      const { center, spread } = facts.models[model];
      this.places[model] = codes[model].map((z, i) => (z - center[i % 2]) / spread[i % 2]);
    }
  }

  static async read(files) {
    const [[parts, facts], garments] = await Promise.all([
      readTrained(files, "two_maps"),
      readPictures(files, "two_maps_garments.webp", SIDE),
    ]);
    return new Models(parts, facts, garments);
  }

  /** The code at a place of the map. */
  code(model, place) {
    const { center, spread } = this.facts.models[model];
    return place.map((u, i) => center[i] + spread[i] * u);
  }

  /** The place of the code of a test garment. */
  placeOf(model, number) {
    return Array.from(this.places[model].subarray(2 * number, 2 * number + 2));
  }

  /** Decode a place: (784,) brightnesses. */
  decode(model, place) {
    return this.decoders[model].apply(Float32Array.from(this.code(model, place)));
  }

  /** The garment whose code is nearest to a place, how far, and whether that makes it a hole. */
  near(model, place) {
    const [number, distance] = nearest(place, this.places[model]);
    const label = Number(this.facts.labels[number]);
    return { label, distance, hole: distance > this.facts.hole };
  }

  /**
   * The test garment that a picture is most like, the cosine between the two, and whether the
   * picture is unlike every garment. A cosine leaves out how bright the picture is as a whole.
   */
  resemble(pixels) {
    const [number, likeness] = this.garments.mostAlike(pixels);
    const label = Number(this.facts.labels[number]);
    return { number, label, likeness, unlike: likeness < this.facts.unlike };
  }

  /** How many random places are holes: for each model, and if its codes were random themselves. */
  count(draws, seed) {
    const { normal } = generator(seed);
    const places = (n) => Array.from({ length: n }, () => [normal(), normal()]);
    const drawn = places(draws);
    const control = Float32Array.from(places(this.facts.labels.length).flat());
    const counts = { control: 0, autoencoder: 0, vae: 0 };
    const loneliest = {};
    for (const place of drawn) {
      counts.control += nearest(place, control)[1] > this.facts.hole;
      for (const model of MODELS) {
        const { distance, hole } = this.near(model, place);
        counts[model] += hole;
        const onMap = Math.max(...place.map(Math.abs)) <= REACH;
        if (onMap && distance > (loneliest[model]?.distance ?? 0))
          loneliest[model] = { distance, place };
      }
    }
    return { counts, loneliest };
  }
}

class TwoMaps {
  constructor(models, el) {
    Object.assign(this, { models, el, facts: models.facts, places: {}, views: {}, lit: null });
    this.finds = Object.fromEntries(MODELS.map((model) => [model, []]));
    this.random = generator(Date.now());
    this.start = this.facts.start;
    this.build();
    this.restore({});
  }

  get state() {
    return { z: MODELS.map((model) => list(this.places[model], DIGITS)).join() };
  }

  /** Go to a place for both points, or to one for each. */
  restore(link) {
    const found = read(link, { z: numbers([2, 4]) });
    if (!found) return;
    const { z = this.start } = found;
    this.go([z.slice(0, 2), z.slice(-2)]);
  }

  build() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const chosen = (name, label) => {
      const option = (text, i) => make("option", { value: i, selected: i === label }, text);
      return make("select", { "aria-label": name }, ...this.facts.names.map(option));
    };
    this.together = make("input", { type: "checkbox", checked: true });
    this.from = chosen("Walk from", 9);
    this.to = chosen("Walk to", 3);
    const spoken = make("output.widget-spoken", { "aria-live": "polite" });
    this.say = speaker(spoken);
    const help = make("p.widget-help", { id: unique("maps-help") },
      "Drag a ring, or use the arrow keys (with Shift, larger steps), Home, R (random), Esc (start), or the sliders. ",
      "Places are in units of each model’s spread: of the prior for the VAE, of its codes for the plain autoencoder.");
    const measure = make("p.widget-help", {},
      `The likeness of two pictures is the cosine between them: 1 if one is the other made darker. The garment is the most alike among the ${this.facts.labels.length.toLocaleString("en")} test garments of these maps, in 16 greys; neither network was trained on them. Unlike every garment is a picture whose likeness to all of them is below ${written(this.facts.unlike)}: of 100 copies that the networks make of these garments, 99 are more like some other garment than that.`);
    this.goal = make("span");
    this.count = make("span", { role: "status" });
    this.el.replaceChildren(
      make("p.two-maps-found", {}, this.goal, this.count),
      make("div.two-maps", {}, ...MODELS.map((model) => this.column(model, help.id))),
      make("div.widget-controls", {},
        button("Random code", () => this.draw()),
        make("span.widget-group", {}, "from", this.from, "to", this.to,
          button("Walk", () => this.walk())),
        button("Back to the start", () => this.moveAll([this.start, this.start])),
        make("label", {}, this.together, " drag both together")),
      this.legend(),
      help,
      measure,
      this.task(),
      spoken,
    );
  }

  column(model, help) {
    const plane = new Plane({
      name: NAMES[model],
      reach: REACH,
      axes: ["across", "up"],
      moved: (place) => this.moved(model, place),
      keys: {
        r: () => this.draw(), R: () => this.draw(),
        Escape: () => this.moveAll([this.start, this.start]),
      },
    });
    plane.canvas.setAttribute("aria-describedby", help);
    const dots = Array.from(this.facts.labels, (label, i) => [...this.models.placeOf(model, i), Number(label)]);
    const inside = dots.filter(([x, y]) => Math.max(Math.abs(x), Math.abs(y)) <= REACH);
    const codeAt = (place) => this.models.code(model, place);
    plane.show(inside, decodedSheet(this.models.decoders[model], codeAt, REACH, 11, SIDE));
    const [picture, garment] = ["decoded", "garment"].map((caption) => {
      const canvas = make("canvas.widget-picture", { width: SIDE, height: SIDE, role: "img" });
      const below = make("figcaption", {}, caption);
      return { canvas, below, figure: make("figure", {}, canvas, below) };
    });
    const verdicts = make("p.two-maps-verdicts");
    const words = make("p.two-maps-words");
    this.views[model] = { plane, picture, garment, verdicts, words };
    return make("div", { role: "group", "aria-label": NAMES[model] },
      make("p.widget-title", {}, NAMES[model]),
      plane.element,
      make("div.two-maps-seen", {}, picture.figure, garment.figure, verdicts),
      words);
  }

  legend() {
    const buttons = this.facts.names.map((name, label) =>
      make("button", {
        type: "button", "aria-pressed": "false",
        onclick: (event) => this.light(label, event.currentTarget),
        onpointerenter: () => this.bringOut(label), onpointerleave: () => this.bringOut(this.lit),
      }, marker(label), name));
    return make("div.widget-legend.two-maps-legend", { role: "group", "aria-label": "Show one class" }, ...buttons);
  }

  light(label, button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const each of button.parentNode.children) each.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(on));
    this.lit = on ? label : null;
    this.bringOut(this.lit);
  }

  /** Show the dots of one class alone; null: all. */
  bringOut(label) {
    for (const { plane } of Object.values(this.views)) plane.light(label);
  }

  task() {
    return new Task({
      title: "in which map do random codes fall into holes more often?",
      before: ["A hole is a place without a garment’s code nearby, so nobody has taught the decoder what to draw there. Find one by hand first; the words beside a picture say when you are in one."],
      questions: [{ choices: { autoencoder: "the plain autoencoder", vae: "the VAE", same: "both alike" } }],
      work: `Draw ${DRAWS.toLocaleString("en")} and count`,
      answer: (judge) => this.answer(judge),
    }).element;
  }

  /** The reader drags one point. */
  moved(model, place) {
    this.stop();
    const moved = MODELS.filter((other) => other === model || this.together.checked);
    for (const each of moved) this.set(each, place);
    this.discover(moved, this.views[model].plane.gesture);
    this.speak();
  }

  /**
   * Say whether a picture is unlike every garment. Mark such places, and count them: on each map one
   * place a gesture, however long the way of a drag or of a walk is.
   */
  discover(moved, gesture) {
    for (const model of moved) {
      const [x, y] = this.places[model];
      const view = this.views[model];
      const known = [this.start, ...this.finds[model]].some(([a, b]) => Math.hypot(x - a, y - b) < APART);
      if (!view.unlike || known || view.foundBy === gesture) continue;
      view.foundBy = gesture;
      this.finds[model].push(this.places[model]);
      view.plane.mark(this.finds[model]);
    }
    const unlike = MODELS.some((model) => this.views[model].unlike);
    this.goal.replaceChildren(...(unlike
      ? [make("strong", {}, "◆ Unlike every garment."), " Find another."]
      : ["Find a picture unlike every garment."]));
    const [plain, vae] = MODELS.map((model) => this.finds[model].length);
    const count = `Found so far: plain autoencoder ${plain}, VAE ${vae}.`;
    if (this.count.textContent !== count) this.count.textContent = count;
  }

  moveAll(places) {
    this.go(places);
    this.speak();
  }

  go(places) {
    this.stop();
    MODELS.forEach((model, i) => this.set(model, places[i]));
    this.discover(MODELS, Symbol("move"));
  }

  set(model, place) {
    const { plane, picture, garment, verdicts, words } = this.views[model];
    plane.set(place.map((u) => Number(u.toFixed(DIGITS))));
    this.places[model] = plane.place;
    const { label, distance, hole } = this.models.near(model, plane.place);
    const decoded = this.models.decode(model, plane.place);
    const like = this.models.resemble(decoded);
    this.views[model].unlike = like.unlike;
    paint(picture.canvas, decoded, SIDE);
    paint(garment.canvas, this.models.garments.picture(like.number), SIDE);
    const name = this.facts.names[label];
    const alike = this.facts.names[like.label];
    const code = this.models.code(model, plane.place).map((z) => written(z)).join(", ");
    const verdict = (bad, text) => make("strong", { className: bad ? "bad" : "" }, text);
    verdicts.replaceChildren(
      verdict(hole, hole ? "▲ in a hole" : "● near a code"),
      verdict(like.unlike, like.unlike ? "◆ unlike every garment" : "● like a garment"),
    );
    words.replaceChildren(
      make("span", {}, `code ${code}`),
      make("span", {}, `nearest code: ${name}, ${written(distance)} away`),
      make("span", {}, `most like: ${alike}, likeness ${written(like.likeness)}`),
    );
    this.views[model].said =
      `${NAMES[model]}: ${hole ? "a hole" : `near ${name}`}, ${like.unlike ? "unlike every garment" : `like ${alike}`}`;
    picture.canvas.setAttribute("aria-label", `Decoded picture; the nearest code is that of: ${name}`);
    garment.canvas.setAttribute("aria-label", `Nearest of the test garments: ${alike}`);
  }

  speak() {
    const place = this.places.vae.map((u) => written(u, 1)).join(", ");
    this.say(`${place}. ${MODELS.map((model) => this.views[model].said).join(". ")}.`);
  }

  draw() {
    const place = [3.1, 0];
    while (Math.max(...place.map(Math.abs)) > REACH)
      place.splice(0, 2, this.random.normal(), this.random.normal());
    this.moveAll([place, place]);
  }

  walk() {
    this.stop();
    const ends = [this.from, this.to].map((select) => this.facts.firsts[select.selectedIndex]);
    const paths = MODELS.map((model) => [
      model, ...ends.map((number) => this.models.placeOf(model, number)),
    ]);
    const [steps, pace] = still() ? [5, 700] : [90, 33]; // milliseconds
    const gesture = Symbol("walk");
    let [step, due] = [0, 0];
    this.stopWalk = frames(this.el, () => {
      const now = performance.now();
      if (now < due) return true;
      due = Math.max(due, now - pace) + pace;
      for (const [model, a, b] of paths)
        this.set(model, a.map((x, i) => x + ((b[i] - x) * step) / steps));
      this.discover(MODELS, gesture);
      if (step++ < steps) return true;
      this.speak();
      return false;
    });
  }

  stop() {
    this.stopWalk?.();
  }

  /** Count the holes among random codes; the control is a map whose codes are random themselves. */
  async answer(judge) {
    await new Promise((resolve) => setTimeout(resolve));
    const { counts, loneliest } = this.models.count(DRAWS, 7);
    const show = make("button", {
      type: "button", onclick: () => this.moveAll(MODELS.map((model) => loneliest[model].place)),
    }, "Show the loneliest of each");
    return [
      make("p", {}, judge(counts.autoencoder > counts.vae ? "autoencoder" : "vae"),
        `Of ${DRAWS.toLocaleString("en")} random codes ${counts.autoencoder} fall into holes of the plain autoencoder, ${counts.vae} into holes of the VAE. Some holes are chance: if the codes of the garments were random themselves, it would be ${counts.control}.`),
      show,
    ];
  }
}

/** Show the widget in an element; the form that anywidget asks for. */
export default {
  async render({ model, el }) {
    const models = await Models.read(model.get("files"));
    const widget = new TwoMaps(models, el);
    el.widget = widget; // for links, and for tests
    return () => widget.stop();
  },
};
