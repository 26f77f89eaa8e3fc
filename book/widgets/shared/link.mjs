// What a link may say of a part: a few numbers and words, `#m=PART&key=value&…`. A part gives its
// state as an object of them, and takes one back in `restore`. The page writes and reads the address.

const NUMBER = /^-?\d+(\.\d+)?$/;

/** Write numbers as a link has them. */
export const list = (numbers, digits = 2) => Array.from(numbers, (x) => (Number(x.toFixed(digits)) + 0).toString()).join();

/** Read as many numbers as one of the counts says, each between two limits. */
export const numbers = (counts, [low, high] = [-Infinity, Infinity]) => (text) => {
  const words = text.split(",");
  const found = words.map(Number);
  const good = [counts].flat().includes(words.length) && words.every((word) => NUMBER.test(word));
  return good && found.every((x) => x >= low && x <= high) ? found : undefined;
};

/** Read a whole number between two limits. */
export const whole = (low, high) => (text) =>
  /^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : undefined;

/** Read one of some words, which may be keys of numbers. */
export const word = (...known) => (text) => known.find((each) => `${each}` === text);

/** Write ascending cells of a board by their runs: `0-13_20`. */
export const runs = (cells) =>
  cells.reduce((all, cell) => {
    if (all.length && all.at(-1)[1] === cell - 1) all.at(-1)[1] = cell;
    else all.push([cell, cell]);
    return all;
  }, []).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join("_");

/** Read cells of a board that has some many. */
export const cells = (count) => (text) => {
  if (!/^\d{1,4}(-\d{1,4})?(_\d{1,4}(-\d{1,4})?)*$/.test(text)) return undefined;
  const found = text.split("_").flatMap((run) => {
    const [first, last = first] = run.split("-").map(Number);
    return Array.from({ length: Math.max(0, Math.min(last, count) - first + 1) }, (_, i) => first + i);
  });
  return found.every((cell) => cell < count) ? found : undefined;
};

/**
 * Read a link by the readers of its fields. What is missing is left out; null if something cannot be
 * read, for half of a link is not what was sent.
 */
export function read(link, fields) {
  const found = {};
  for (const [key, reader] of Object.entries(fields)) {
    if (!Object.hasOwn(link, key)) continue;
    found[key] = reader(link[key]);
    if (found[key] === undefined) return null;
  }
  return found;
}
