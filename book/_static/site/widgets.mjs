// Bring the interactive parts to life when they come into view. Until then, and where that fails,
// a picture with a table of numbers stands in their place.

const FILES = new URL("../../_widgets/", import.meta.url).href;
const STATE = new URLSearchParams(location.hash.slice(1));

async function live(box) {
  const [status, place] = [box.querySelector(".widget-status"), box.querySelector(".widget-live")];
  box.dataset.state = "loading";
  status.textContent = `Loading ${box.dataset.size} …`;
  try {
    const { default: widget } = await import(`${FILES}${box.dataset.widget}.mjs${box.dataset.again ?? ""}`);
    const known = { files: FILES, state: state(box.dataset.widget) };
    await widget.render({ model: { get: (name) => known[name] }, el: place });
    box.dataset.state = "live";
    status.textContent = "";
  } catch (error) {
    failed(box, status, error);
  }
}

function failed(box, status, error) {
  box.dataset.state = "failed";
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Try again" });
  again.onclick = () => {
    // The browser keeps a failed module under its address, so the next attempt asks for another.
    box.dataset.again = `?${Number((box.dataset.again ?? "?0").slice(1)) + 1}`;
    live(box);
  };
  const why = error instanceof TypeError ? "the network may be down" : error.message;
  status.replaceChildren(`This part could not be loaded (${why}); a picture stands in its place. `, again);
}

/** Read `#z=0.4,-1.1&m=two_maps`, where a link has it. */
function state(name) {
  const place = STATE.get("z")?.split(",").map(Number);
  const usable = place?.length === 2 && place.every(Number.isFinite) && STATE.get("m") === name;
  return usable ? { place } : {};
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
for (const box of document.querySelectorAll("[data-widget]")) seen.observe(box);
