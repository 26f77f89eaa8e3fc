// Results while one types: a list of sections, in the dialog of the theme and on the search page.

const root = new URL(document.documentElement.dataset.content_root, location.href);
const SHOWN = 8;
const LATE = 300; // ms without an answer, after which the reader is told to wait
let engine;
let failures = 0;

async function pagefind() {
  engine ??= import(new URL(`_search/pagefind.js${failures ? `?${failures}` : ""}`, root)).then(async (module) => {
    await module.options({
      baseUrl: root.pathname,
      excerptLength: 24,
      // A section is a short text: what its title and its terms say counts more than its length.
      ranking: { termFrequency: 0.6, pageLength: 0.3, termSaturation: 1.2, termSimilarity: 1 },
    });
    return module;
  });
  engine.catch(() => {
    engine = undefined; // the next query tries again
    failures += 1; // at another address, for the browser keeps the failure with this one
  });
  return engine;
}

/** Return the best sections for a query: [{url, title, page, excerpt}], and how many there are. */
export async function find(query, count = SHOWN) {
  const { results } = await (await pagefind()).search(query);
  const first = results.slice(0, count + 4);
  const loaded = await Promise.all(first.map((result) => result.data()));
  const fitting = loaded
    .map((section, place) => ({ ...section, score: first[place].score * weight(section.meta.page) }))
    .filter(({ excerpt }) => answers(excerpt, query))
    .sort((one, other) => other.score - one.score);
  return {
    // Where some of the first do not answer, neither do those that follow them.
    total: fitting.length < first.length ? fitting.length : results.length,
    sections: fitting.slice(0, count).map(({ meta, excerpt, content }) => ({
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
  const marked = [...excerpt.matchAll(/<mark>(.*?)<\/mark>/g)].flatMap((match) => parts(match[1]));
  const starts = parts(query).map((word) => word.slice(0, Math.ceil(word.length / 2)));
  return marked.length === 0 || marked.some((word) => starts.some((start) => word.startsWith(start)));
}

/** Words of a text, each whole without its signs and in the parts between them: Fashion-MNIST. */
function parts(text) {
  const words = text.toLowerCase().split(/\s+/);
  const between = words.flatMap((word) => word.split(/[^\p{L}\p{N}]+/u));
  return [...between, ...words.map((word) => word.replace(/[^\p{L}\p{N}]+/gu, ""))].filter(Boolean);
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
  const dialog = form.closest("dialog");
  const list = form.parentElement.querySelector(".search-found") ?? place(form);
  const said = list.querySelector("[role=status]") ?? status(list);
  let turn = 0;
  let answered = ""; // the query that the list belongs to
  const update = async () => {
    const query = field.value.trim();
    const mine = ++turn;
    const show = (items, text) => {
      if (mine !== turn) return;
      list.replaceChildren(...items, said);
      said.textContent = text;
      answered = query;
    };
    if (!query) return show([], "");
    const late = setTimeout(() => show([], "Searching …"), LATE);
    try {
      const found = await find(query);
      show(...filled(found, query));
    } catch {
      show([], "The index of the search cannot be loaded: is the network there?");
    } finally {
      clearTimeout(late);
    }
  };
  field.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    const first = list.querySelector("a");
    if (!first || answered !== field.value.trim()) return; // the search page takes it from here
    event.preventDefault();
    first.click();
  });
  // A section of this page would else stay behind the dialog.
  list.addEventListener("click", (event) => event.target.closest("a") && dialog?.close());
  dialog?.addEventListener("close", () => {
    field.value = "";
    update();
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
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  attach(field);
  field.focus();
}

function place(form) {
  const list = document.createElement("div");
  list.className = "search-found";
  form.after(list);
  return list;
}

// Only the number of results is announced: nobody wants to hear eight of them at each letter.
function status(list) {
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  list.replaceChildren(said);
  return said;
}

/** The elements of a list of results, and the sentence about them. */
function filled({ sections, total }, query) {
  if (sections.length === 0) return [[], `No section was found for “${query}”.`];
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
  return [[items], count];
}

function move(event, list, field) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [field, ...list.querySelectorAll("a")];
  const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (!stops[next]) return;
  event.preventDefault();
  stops[next].focus();
}
