// Start what a page needs; every part works without the others, and pages read well without any.

const has = (selector) => document.querySelector(selector) !== null;

if (has(".question form")) import("./questions.mjs");
if (has("article figure img")) import("./figures.mjs");
if (has("article a.reference.internal, article a[href^='#']")) import("./previews.mjs");
if (has("a[href*='_notebooks/'][href$='.ipynb']")) import("./notebooks.mjs");
import("./theme.mjs");
import("./wide.mjs");

// The index is loaded when somebody is about to search.
const field = document.querySelector("#pst-search-dialog input[type=search]");
field?.addEventListener("focus", () => import("./search.mjs").then(({ attach }) => attach(field)), { once: true });
if (has("#search-results")) import("./search.mjs").then(({ openPage }) => openPage());
