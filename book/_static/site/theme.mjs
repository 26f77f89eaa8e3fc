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
