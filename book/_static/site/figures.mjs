// A click on a figure shows it as large as the window allows; Escape or a click closes it.

const dialog = document.createElement("dialog");
dialog.className = "figure-dialog";
dialog.setAttribute("aria-label", "Enlarged figure");
const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close" });
const stage = document.createElement("div");
dialog.append(close, stage);
document.body.append(dialog);
close.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target !== close && dialog.close());

for (const image of document.querySelectorAll("article figure img")) {
  if (image.closest("a, .cell_input")) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "figure-enlarge";
  button.setAttribute("aria-label", `Enlarge the figure: ${image.alt}`);
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    const copy = image.cloneNode();
    copy.loading = "eager";
    stage.replaceChildren(copy);
    dialog.showModal();
  });
}
