// Results while one types: a list of sections, in the dialog of the theme and on the search page.

const root = new URL(document.documentElement.dataset.content_root, location.href);
const SHOWN = 8;
let engine;

async function pagefind() {
  engine ??= import(new URL("_search/pagefind.js", root)).then(async (module) => {
    await module.options({
      baseUrl: root.pathname,
      excerptLength: 24,
      // A section is a short text: what its title and its terms say counts more than its length.
      ranking: { termFrequency: 0.6, pageLength: 0.3, termSaturation: 1.2, termSimilarity: 1 },
    });
    return module;
  });
  return engine;
}

/** Return the best sections for a query: [{url, title, page, excerpt}], and how many there are. */
export async function find(query, count = SHOWN) {
  const { results } = await (await pagefind()).search(query);
  const first = results.slice(0, count + 4);
  const loaded = await Promise.all(first.map((result) => result.data()));
  const best = loaded
    .map((section, place) => ({ ...section, score: first[place].score * weight(section.meta.page) }))
    .filter(({ excerpt }) => answers(excerpt, query))
    .sort((one, other) => other.score - one.score)
    .slice(0, count);
  return {
    total: best.length ? results.length : 0,
    sections: best.map(({ meta, excerpt, content }) => ({
      url: new URL(meta.url, root).href,
      title: meta.title,
      page: meta.page,
      // Where the title or a term is what was found, the section itself says more than that again.
      excerpt: /⁂/.test(excerpt) || plain(excerpt).includes(meta.title) ? escaped(`${start(content, meta)} …`) : excerpt,
    })),
  };
}

// A chapter says more than the glossary, whose short entries would otherwise come first.
function weight(page) {
  return page === "Glossary" ? 0.05 : 1;
}

// Where nothing fits, Pagefind goes on with fewer and fewer letters of a word, down to one.
function answers(excerpt, query) {
  const marked = [...excerpt.matchAll(/<mark>(.*?)<\/mark>/g)].map((match) => match[1].toLowerCase());
  const starts = query.toLowerCase().split(/\s+/).map((word) => word.slice(0, Math.ceil(word.length / 2)));
  return marked.length === 0 || marked.some((word) => starts.some((start) => word.startsWith(start)));
}

function start(content, { title, page }) {
  const head = content.indexOf(page, title.length) + page.length;
  return content.slice(head).replace(/^[.\s]+/, "").split("⁂")[0].slice(0, 160);
}

function plain(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent;
}

function escaped(text) {
  return Object.assign(document.createElement("p"), { textContent: text }).innerHTML;
}

/** Show results below a search field while one types. */
export function attach(field) {
  const form = field.closest("form");
  const list = form.parentElement.querySelector(".search-found") ?? place(form);
  let turn = 0;
  const update = async () => {
    const query = field.value.trim();
    const mine = ++turn;
    if (!query) return list.replaceChildren();
    try {
      const found = await find(query);
      if (mine === turn) fill(list, found, query);
    } catch (error) {
      if (mine === turn) list.replaceChildren(sentence("The index of the search cannot be loaded from this address."));
    }
  };
  field.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    const first = list.querySelector("a");
    if (!first) return;
    event.preventDefault();
    location.href = first.href;
  });
  list.addEventListener("keydown", (event) => move(event, list, field));
  field.addEventListener("keydown", (event) => move(event, list, field));
  if (field.value) update();
}

/** Make the search page answer the query of its address. */
export function openPage() {
  const list = document.querySelector("#search-results");
  const field = document.querySelector(".bd-search-container input[name=q]");
  list.classList.add("search-found");
  list.setAttribute("role", "status");
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  attach(field);
}

function place(form) {
  const list = document.createElement("div");
  list.className = "search-found";
  list.setAttribute("role", "status");
  form.after(list);
  return list;
}

function fill(list, { sections, total }, query) {
  if (sections.length === 0) {
    list.replaceChildren(sentence(`No section was found for “${query}”.`));
    return;
  }
  const items = document.createElement("ol");
  for (const { url, title, page, excerpt } of sections) {
    const link = Object.assign(document.createElement("a"), { href: url });
    const name = Object.assign(document.createElement("strong"), { textContent: title });
    const place = Object.assign(document.createElement("small"), { textContent: page === title ? "" : page });
    const words = Object.assign(document.createElement("span"), { innerHTML: excerpt });
    link.append(name, " ", place, words);
    const item = document.createElement("li");
    item.append(link);
    items.append(item);
  }
  const count = total > sections.length ? `The first ${sections.length} of ${total} sections` : `${total} section${total === 1 ? "" : "s"}`;
  list.replaceChildren(items, sentence(count));
}

function sentence(text) {
  return Object.assign(document.createElement("p"), { textContent: text });
}

function move(event, list, field) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [field, ...list.querySelectorAll("a")];
  const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (!stops[next]) return;
  event.preventDefault();
  stops[next].focus();
}
