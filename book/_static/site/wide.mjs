// Formulas, tables and code that are wider than the page scroll. Show that they do, and let the keys
// reach them; what fits stays out of the order of the Tab key.

const boxes = document.querySelectorAll(".math-box, .cell_output .text_html, .widget-poster .text_html, .highlight pre, .pst-scrollable-table-container");

// All are measured before any is changed: else the page would be laid out anew for each of them.
function update(some) {
  const measured = some.map((box) => [box, box.scrollWidth, box.clientWidth, box.scrollLeft]);
  for (const [box, whole, shown, left] of measured) {
    const wide = whole > shown + 1;
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    box.toggleAttribute("data-more-left", wide && left > 1);
    box.toggleAttribute("data-more-right", wide && left + shown < whole - 1);
  }
}

const observer = new ResizeObserver((entries) => update(entries.map(({ target }) => target)));
for (const box of boxes) {
  observer.observe(box);
  box.addEventListener("scroll", () => update([box]), { passive: true });
}
document.fonts?.ready.then(() => update([...boxes]));
