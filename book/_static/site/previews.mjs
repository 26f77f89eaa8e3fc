// Show what a cross reference, a term or a citation leads to, while the pointer or focus is on it.

const DELAY = 250; // ms: not for a pointer that only passes
const WHOLE = "figure, .admonition, .proof, div.math, table, dl.glossary > dt, .cell, .citation";
const pages = new Map();
const box = document.createElement("aside");
box.className = "preview";
box.id = "preview";
box.setAttribute("role", "tooltip");
box.hidden = true;
document.body.append(box);

let waiting = 0;
let shown = null;
let wanted = null; // the link whose preview is waited for

for (const link of document.querySelectorAll("article a.reference.internal, article a[href^='#']")) {
  if (!link.hash || link.matches(".headerlink") || link.closest(".toctree-wrapper")) continue;
  link.addEventListener("mouseenter", () => later(link));
  link.addEventListener("focus", () => later(link));
  link.addEventListener("mouseleave", hideSoon);
  link.addEventListener("blur", hideSoon);
}
box.addEventListener("mouseenter", () => clearTimeout(waiting));
box.addEventListener("mouseleave", hideSoon);
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

function later(link) {
  clearTimeout(waiting);
  wanted = link;
  waiting = setTimeout(() => show(link), DELAY);
}

function hideSoon() {
  clearTimeout(waiting);
  wanted = null;
  waiting = setTimeout(hide, DELAY);
}

function hide() {
  clearTimeout(waiting);
  wanted = null;
  box.hidden = true;
  shown?.removeAttribute("aria-describedby");
  shown = null;
}

async function show(link) {
  const page = await load(link.href.split("#")[0]);
  const target = page?.getElementById(decodeURIComponent(link.hash.slice(1)));
  const content = target && excerpt(target);
  if (!content || wanted !== link) return; // the network may answer after the pointer has left
  hide();
  const base = link.href.split("#")[0];
  for (const element of content.querySelectorAll("[src], [href]")) {
    for (const name of ["src", "href"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, new URL(value, base));
    }
  }
  for (const element of content.querySelectorAll("[id]")) element.removeAttribute("id");
  for (const element of content.querySelectorAll(".figure-enlarge")) element.replaceWith(...element.childNodes);
  for (const element of content.querySelectorAll(".headerlink, button, form")) element.remove();
  for (const element of content.querySelectorAll("a")) element.tabIndex = -1;
  box.replaceChildren(content);
  box.hidden = false;
  const place = link.getBoundingClientRect();
  const below = place.bottom + box.offsetHeight + 8 < innerHeight || place.top < box.offsetHeight;
  const left = Math.min(place.left, document.documentElement.clientWidth - box.offsetWidth - 8);
  box.style.left = `${scrollX + Math.max(8, left)}px`;
  box.style.top = `${scrollY + (below ? place.bottom + 6 : place.top - box.offsetHeight - 6)}px`;
  shown = link;
  link.setAttribute("aria-describedby", box.id);
}

async function load(address) {
  if (address === location.href.split("#")[0]) return document;
  if (!pages.has(address)) {
    pages.set(address, fetch(address)
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
      .then((text) => new DOMParser().parseFromString(text, "text/html"))
      .catch(() => null)); // a preview that cannot be had is no loss: the link still leads there
  }
  return pages.get(address);
}

function excerpt(target) {
  const content = document.createElement("div");
  if (target.matches("dt")) {
    let definition = target; // several names may share one
    while (definition && !definition.matches("dd")) definition = definition.nextElementSibling;
    content.append(...[target, definition].filter(Boolean).map(copy));
  } else if (target.matches(WHOLE) || target.closest("figure, div.math")) {
    content.append(copy(target.closest("figure, div.math") ?? target));
  } else {
    const section = target.closest("section") ?? target;
    const heading = section.querySelector("h1, h2, h3, h4");
    const first = section.querySelector(":scope > p");
    if (!heading) return null;
    content.append(...[heading, first].filter(Boolean).map(copy));
  }
  return content;
}

function copy(element) {
  return document.importNode(element, true);
}
