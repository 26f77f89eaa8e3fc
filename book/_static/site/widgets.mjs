// Bring the interactive parts to life when they come into view, or, where much is to be loaded, when
// the reader asks. Until then, and where that fails, a picture with a table of numbers stands there.

const FILES = new URL("../../_widgets/", import.meta.url).href;
const PATIENCE = 30_000; // milliseconds without a sign until a part counts as failed

const MODELS = ["autoencoder", "vae"]; // a link may name one of them: both are in two_maps

/** Read `#z=0.4,-1.1,0.2,1&m=two_maps`: the places of a link, for the part that it names. */
function linked(name) {
  const link = new URLSearchParams(location.hash.slice(1));
  const words = (link.get("z") ?? "").split(",");
  const numbers = words.every((word) => /^-?\d+(\.\d+)?$/.test(word)) ? words.map(Number) : [];
  const named = MODELS.includes(link.get("m")) ? "two_maps" : link.get("m");
  if (named !== name || ![2, 4].includes(numbers.length)) return null;
  return { places: [numbers.slice(0, 2), numbers.slice(-2)] };
}

async function live(box) {
  const status = box.querySelector(".widget-status");
  // An earlier attempt may still come to its end: it does so in a place that nobody sees.
  const place = Object.assign(document.createElement("div"), { className: "widget-live" });
  box.querySelector(".widget-live").replaceWith(place);
  const name = box.dataset.widget;
  box.dataset.state = "loading";
  status.textContent = "Loading …";
  let [timer, patient, over, rendered] = [];
  const late = new Promise((_, reject) => {
    patient = () => {
      clearTimeout(timer);
      timer = setTimeout(reject, PATIENCE, new Error("late"));
    };
  });
  patient();
  const bar = Object.assign(document.createElement("progress"), { ariaLabel: "Loading" });
  const progress = (share) => {
    if (over) return; // one file has failed, others still arrive
    patient();
    bar.value = share;
    if (!bar.isConnected) status.append(" ", bar);
  };
  try {
    const code = import(`${FILES}${name}.mjs`).catch(() => Promise.reject(new Error("code")));
    const { default: widget } = await Promise.race([code, late]);
    const known = { files: FILES, state: linked(name) ?? {}, linked: true, progress };
    const model = { get: (key) => known[key] };
    rendered = widget.render({ model, el: place });
    await Promise.race([rendered, late]);
    box.dataset.state = "live";
    status.textContent = "";
    if (box.contains(document.activeElement)) place.querySelector("canvas[tabindex], input")?.focus();
  } catch (error) {
    rendered?.then((stop) => stop?.(), () => {}); // it may arrive after all
    failed(box, status, error);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

/** Load a part because the reader has asked for it, with the focus on its place. */
function begin(box) {
  box.tabIndex = -1;
  box.focus();
  live(box);
}

/** Offer a part that loads much: nothing of it is fetched until the reader wants it. */
function offer(box) {
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "widget-start",
    textContent: box.dataset.start,
    onclick: () => {
      button.remove();
      begin(box);
    },
  });
  box.prepend(button);
}

/** Say in one sentence why the picture stays. A module that failed is kept by the browser. */
function failed(box, status, error) {
  box.dataset.state = "failed";
  const reload = error.message === "code";
  const known = error.constructor.name === "FileError" || error.message === "late";
  if (!reload && !known) console.warn(error);
  const why = known && error.message !== "late" ? ` (${error.message})` : "";
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: reload ? "Reload the page" : "Try again",
    onclick: () => {
      if (reload) return location.reload();
      begin(box);
    },
  });
  status.replaceChildren(`This part could not be loaded${why}; a picture stands in its place. `, button);
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) {
        seen.unobserve(target);
        setTimeout(live, 0, target);
      }
  },
  { rootMargin: "200px" },
);
const boxes = [...document.querySelectorAll("[data-widget]")];
for (const box of boxes) box.dataset.start ? offer(box) : seen.observe(box);

function follow() {
  for (const box of boxes) {
    const state = linked(box.dataset.widget);
    if (!state) continue;
    box.scrollIntoView();
    box.querySelector(".widget-live").widget?.moveAll?.(state.places);
  }
}
follow();
addEventListener("hashchange", follow);
