// Bring the interactive parts to life when they come into view, or, where much is to be loaded, when
// the reader asks. Until then, and where that fails, a picture with a table of numbers stands there.

const FILES = new URL("../../_widgets/", import.meta.url).href;
const PATIENCE = 30_000; // milliseconds without a sign until a part counts as failed

const MODELS = ["autoencoder", "vae"]; // a link may name one of them instead of two_maps

/** What an address says of a part, by key: of `two_maps` in `#m=two_maps&z=0.4,-1.1`; else null. */
function linked(name, hash = location.hash) {
  const { m, ...link } = Object.fromEntries(new URLSearchParams(hash.slice(1)));
  return (MODELS.includes(m) ? "two_maps" : m) === name ? link : null;
}

/** The part of an address that says in which state a live part is. */
function fragment(box) {
  const { state } = box.querySelector(".widget-live").widget;
  return `#${Object.entries({ m: box.dataset.widget, ...state }).map((pair) => pair.join("=")).join("&")}`;
}

/** Put the state of a part into the address of the page, and the address into the clipboard. */
async function copyLink(box, button) {
  history.replaceState(history.state, "", fragment(box));
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  button.textContent = copied ? "Link copied" : "The link is in the address";
  box.querySelector(".widget-spoken").textContent = button.textContent;
  setTimeout(() => (button.textContent = "Copy link"), 3000);
}

/** Offer a link to the state of a live part, in the line below it, which has other links already. */
function offerLink(box) {
  const line = box.querySelector(".widget-foot");
  if (line.querySelector("button")) return;
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: "Copy link",
    onclick: ({ currentTarget }) => copyLink(box, currentTarget),
  });
  line.insertBefore(button, line.querySelector("span")); // beside the weights there is room on a phone
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
    const known = { files: FILES, progress };
    const model = { get: (key) => known[key] };
    rendered = widget.render({ model, el: place });
    await Promise.race([rendered, late]);
    const link = linked(name);
    if (link) await place.widget.restore(link);
    offerLink(box);
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

/** Let a part wait, in the room of its live form, until it comes into view. */
function wait(box) {
  box.dataset.state = "waiting";
  seen.observe(box);
}

const boxes = [...document.querySelectorAll("[data-widget]")];
for (const box of boxes) box.dataset.start ? offer(box) : wait(box);

for (const box of boxes) if (linked(box.dataset.widget)) box.scrollIntoView();

// Entries of the history get a name, by which the way back differs from a link that is followed.
let entry;
const before = {}; // by entry and part, as a link says it: how the part was when a link was followed

/** Name the entry of the history that the page shows; whether it is a new one. */
function mark() {
  const fresh = history.state === null;
  if (fresh) history.replaceState(performance.timeOrigin + performance.now(), "");
  entry = history.state;
  return fresh;
}
mark();

addEventListener("hashchange", ({ oldURL }) => {
  const from = entry;
  const fresh = mark();
  for (const box of boxes) {
    const name = box.dataset.widget;
    const { widget } = box.querySelector(".widget-live"); // one that comes later reads the address
    const link = linked(name);
    if (link) {
      if (fresh) (before[from] ??= {})[name] = widget ? fragment(box) : `#m=${name}`;
      box.scrollIntoView();
      box.tabIndex = -1;
      box.focus({ preventScroll: true });
      widget?.restore(link);
    } else if (!fresh && linked(name, new URL(oldURL).hash) && before[entry]?.[name])
      widget?.restore(linked(name, before[entry][name]));
  }
});
