// Formulas, tables and code that are wider than the page scroll. Show that they do, and let the keys
// reach them; what fits stays out of the order of the Tab key.

const boxes = document.querySelectorAll(".math-box, .cell_output .text_html, .highlight pre, .pst-scrollable-table-container");

function update(box) {
  const wide = box.scrollWidth > box.clientWidth + 1;
  if (wide) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
  box.toggleAttribute("data-more-left", wide && box.scrollLeft > 1);
  box.toggleAttribute("data-more-right", wide && box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
for (const box of boxes) {
  observer.observe(box);
  box.addEventListener("scroll", () => update(box), { passive: true });
}
document.fonts?.ready.then(() => boxes.forEach(update));
