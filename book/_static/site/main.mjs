// Start what a page needs; every part works without the others, and pages read well without any.

const has = (selector) => document.querySelector(selector) !== null;

// A part that the network does not deliver is missing; the browser reports it in its console.
const start = (module) => import(module).catch(() => null);

if (has(".question form")) start("./questions.mjs");
if (has("[data-widget]")) start("./widgets.mjs");
if (has("article figure img")) start("./figures.mjs");
if (has("article a.reference.internal, article a[href^='#']")) start("./previews.mjs");
if (has("a[href*='_notebooks/'][href$='.ipynb']")) start("./notebooks.mjs");
start("./theme.mjs");
start("./wide.mjs");

// A link to a folded solution opens it; browsers open by themselves only what lies around a target.
const unfold = () => document.querySelector("details:target")?.setAttribute("open", "");
for (const moment of ["load", "hashchange"]) addEventListener(moment, unfold);

// The search is loaded when somebody is about to use it. After a failure the browser keeps the
// failure with the address, so the next attempt asks for another one.
const field = document.querySelector("#pst-search-dialog input[type=search]");
let attempts = 0;
const prepare = async () => {
  field.removeEventListener("focus", prepare);
  const search = await start(`./search.mjs${attempts ? `?${attempts}` : ""}`);
  document.querySelector(".search-failed")?.remove();
  if (search) return search.attach(field);
  attempts += 1;
  field.addEventListener("focus", prepare);
  const said = Object.assign(document.createElement("p"), { className: "search-failed" });
  said.setAttribute("role", "status");
  field.form.after(said);
  said.textContent = "The search cannot be loaded: is the network there? Close this and try again.";
};
field?.addEventListener("focus", prepare);
if (has("#search-results")) start("./search.mjs").then((search) => search?.openPage());
