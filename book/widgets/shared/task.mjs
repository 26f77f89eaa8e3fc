// "Predict, then try": what a part asks before it shows what it has measured or computed.

import { make, unique, workButton } from "./elements.mjs";

const paragraph = (part) => (part instanceof Node ? part : make("p", {}, part));

const chosen = (group) => group.querySelector("input:checked")?.value;

export class Task {
  /**
   * @param {object} options
   * @param {string} options.title
   * @param {(string | Node)[]} options.before  paragraphs above the choices
   * @param {{text?: string, choices: Record<string, string>}[]} options.questions  the words of the
   *   choices by their values; a text where the title is not the question
   * @param {string} options.work  what the button says
   * @param {(judge: (right: any, question?: number) => Node) => any} options.answer  does the work
   *   and returns a list of paragraphs and other nodes, or a promise of it. `judge` makes the
   *   verdict on a question, about what is chosen; it goes when the reader chooses again.
   * @param {(string | Node)[]} options.after  paragraphs below the answer
   */
  constructor({ title = "", before = [], questions, work, answer, after = [] }) {
    this.result = make("div.widget-answer", { role: "status" });
    this.verdicts = [];
    const again = () => this.verdicts.splice(0).forEach((verdict) => verdict.remove());
    this.groups = questions.map(({ text, choices }) => {
      const name = unique("guess");
      const radios = make("div.widget-choices", {}, ...Object.entries(choices).map(([value, words]) =>
        make("label", {}, make("input", { type: "radio", name, value, onchange: again }), ` ${words}`)));
      return text ? make("div", { role: "radiogroup", "aria-label": text }, make("p", {}, text), radios) : radios;
    });
    this.button = workButton(work, () => this.press(answer));
    this.element = make("fieldset.widget-task", {},
      make("legend", {}, `Predict, then try${title && `: ${title}`}`),
      ...before.map(paragraph), ...this.groups, this.button, this.result, ...after.map(paragraph));
  }

  /** Answer, but only a reader who has predicted; who has seen the answer can no longer do so. */
  async press(answer) {
    const open = this.groups.find((group) => !chosen(group));
    if (open) {
      this.show(this.verdict("p", this.groups.length > 1 ? "Choose an answer to each question first." : "Choose an answer first."));
      open.querySelector("input").focus();
      return;
    }
    this.show(...(await answer((right, question = 0) =>
      this.verdict("strong", chosen(this.groups[question]) === `${right}` ? "Right. " : "Not quite. "))));
  }

  /** Words that are true of the choices only. */
  verdict(tag, words) {
    const verdict = make(tag, {}, words);
    this.verdicts.push(verdict);
    return verdict;
  }

  /** Put something in the place of the answer, or nothing if what is there is no longer true. */
  show(...parts) {
    this.result.replaceChildren(...parts.map(paragraph));
  }
}
