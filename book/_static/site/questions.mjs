// Check the answer of a question, and say "Right" or "Not quite" with the explanation.

for (const form of document.querySelectorAll(".question form")) {
  const inputs = [...form.querySelectorAll(".question-options input")];
  const verdict = form.querySelector(".question-verdict");
  const reasons = [...form.querySelectorAll(".question-why")];
  const check = Object.assign(document.createElement("button"), {
    type: "submit",
    textContent: "Check my answer",
    className: "question-check",
  });
  form.querySelector(".question-actions").append(check);

  const clear = () => {
    verdict.replaceChildren();
    for (const input of inputs) input.parentElement.removeAttribute("data-verdict");
  };

  form.addEventListener("change", clear);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clear();
    const chosen = inputs.filter((input) => input.checked);
    if (chosen.length === 0) {
      verdict.append(paragraph("Choose an answer first."));
      return;
    }
    const right = inputs.every((input) => input.checked === (input.dataset.right === "true"));
    for (const input of chosen) {
      input.parentElement.dataset.verdict = input.dataset.right === "true" ? "right" : "wrong";
    }
    const word = document.createElement("strong");
    word.textContent = right ? "Right." : "Not quite.";
    word.dataset.right = right;
    verdict.append(word, " ");
    for (const input of chosen) {
      const reason = reasons[inputs.indexOf(input)].cloneNode(true);
      verdict.append(...reason.childNodes);
    }
    if (!right && chosen.every((input) => input.dataset.right === "true")) {
      verdict.append(paragraph("There is more than this."));
    }
  });
}

function paragraph(text) {
  return Object.assign(document.createElement("p"), { textContent: text });
}
