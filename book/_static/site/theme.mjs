// The theme replaces the icon of the colour button, and with it the focus; keep both.

for (const button of document.querySelectorAll(".theme-switch-button")) {
  const say = () => {
    const mode = document.documentElement.dataset.mode || "auto";
    button.setAttribute("aria-label", `Color mode: ${mode}`);
  };
  say();
  button.addEventListener("click", () => {
    requestAnimationFrame(() => {
      say();
      button.focus();
    });
  });
}

// The theme takes the focus from the buttons that open a dialog, so that the dialog cannot return it.
// (The theme also ends their event, so it is heard on its way down.)
const DIALOGS = { "pst-search-dialog": ".search-button", "pst-primary-sidebar-modal": ".primary-toggle", "pst-secondary-sidebar-modal": ".secondary-toggle" };
for (const [id, selector] of Object.entries(DIALOGS)) {
  const dialog = document.getElementById(id);
  let opener = null;
  for (const button of document.querySelectorAll(selector)) {
    button.setAttribute("aria-haspopup", "dialog");
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(selector);
    if (!button) return;
    opener = button;
    requestAnimationFrame(() => dialog?.open || button.focus());
  }, true);
  dialog?.addEventListener("close", () => {
    const left = document.activeElement;
    if (left === document.body || dialog.contains(left)) opener?.focus();
    opener = null;
  });
}

// A section of this page would else stay behind its dialog.
const contents = document.getElementById("pst-secondary-sidebar-modal");
contents?.addEventListener("click", (event) => {
  if (event.target.closest("a[href^='#']")) contents.close();
});

// Pictures further down load late; on paper all are wanted, and the event of printing cannot wait.
const print = window.print.bind(window);
window.print = async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  print();
};
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  window.print();
});

// Paper is white, whatever the screen is.
const page = document.documentElement;
let onScreen;
addEventListener("beforeprint", () => {
  onScreen ??= page.dataset.theme;
  page.dataset.theme = "light";
  for (const image of document.images) image.loading = "eager";
});
addEventListener("afterprint", () => {
  if (onScreen) page.dataset.theme = onScreen;
  onScreen = undefined;
});
