// "Predict, then try": what a part asks before it shows what it has measured or computed.

import { make, unique, workButton } from "./elements.mjs";

export class Task {
  /**
   * @param {object} options
   * @param {string} options.title
   * @param {(string | Node)[]} options.before  paragraphs above the choices
   * @param {{text?: string, choices: Record<string, string>}[]} options.questions  the words of the
   *   choices by their values; a text where the title is not the question
   * @param {string} options.work  what the button says
   * @param {(judge: (right: any, question?: number) => Node) => any} options.answer  does the work
   *   and returns a list of nodes and texts, or a promise of it. `judge` makes the verdict on a
   *   question, about what was chosen when the button was pressed.
   * @param {(string | Node)[]} options.after  paragraphs below the answer
   */
  constructor({ title = "", before = [], questions, work, answer, after = [] }) {
    this.result = make("div.widget-answer", { role: "status" });
    this.groups = questions.map(({ text, choices }) => {
      const name = unique("guess");
      const radios = make("div.widget-choices", {}, ...Object.entries(choices).map(([value, words]) =>
        make("label", {}, make("input", { type: "radio", name, value }), ` ${words}`)));
      return text ? make("div", { role: "radiogroup", "aria-label": text }, make("p", {}, text), radios) : radios;
    });
    this.button = workButton(work, () => this.press(answer));
    const paragraph = (part) => (part instanceof Node ? part : make("p", {}, part));
    this.element = make("fieldset.widget-task", {},
      make("legend", {}, `Predict, then try${title && `: ${title}`}`),
      ...before.map(paragraph), ...this.groups, this.button, this.result, ...after.map(paragraph));
  }

  /** Answer, but only a reader who has predicted; who has seen the answer can no longer do so. */
  async press(answer) {
    const chosen = this.groups.map((group) => group.querySelector("input:checked")?.value);
    const open = chosen.indexOf(undefined);
    if (open >= 0) {
      this.show(chosen.length > 1 ? "Choose an answer to each question first." : "Choose an answer first.");
      this.groups[open].querySelector("input").focus();
      return;
    }
    const judge = (right, question = 0) =>
      make("strong", {}, chosen[question] === `${right}` ? "Right. " : "Not quite. ");
    this.show(...(await answer(judge)));
  }

  /** Put something in the place of the answer, or nothing if what is there is no longer true. */
  show(...parts) {
    this.result.replaceChildren(...parts);
  }
}
