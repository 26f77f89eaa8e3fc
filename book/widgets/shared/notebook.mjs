// An interactive part in a notebook. There its modules and files have no addresses: they come with
// the widget, and get addresses of the browser's own.

const TYPES = { json: "application/json", png: "image/png", mjs: "text/javascript" };
const IMPORT = /(from ")\.\/(?:shared\/)?([\w.]+)(";)/g;

/** Give addresses to modules, each after those that it imports; return that of one by its name. */
export function linker(modules, address) {
  const known = {};
  const link = (name) =>
    (known[name] ??= address(
      name,
      modules[name].replace(IMPORT, (_, before, other, after) => `${before}${link(other)}${after}`),
    ));
  return link;
}

export default {
  async render({ model, el }) {
    const made = [];
    const address = (name, content) => {
      const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
      made.push(URL.createObjectURL(new Blob([content], { type })));
      return made.at(-1);
    };
    const files = Object.entries(model.get("files")).map(([name, bytes]) => [name, address(name, bytes)]);
    const known = { files: Object.fromEntries(files) };
    el.classList.add("widget", "widget-of-a-notebook");
    el.setAttribute("role", "region");
    el.setAttribute("aria-label", model.get("title"));
    let stop = () => {};
    try {
      const { default: part } = await import(linker(model.get("modules"), address)(`${model.get("name")}.mjs`));
      stop = await part.render({ model: { get: (key) => known[key] }, el });
    } catch (error) {
      console.warn(error);
      el.textContent = `This part could not be shown (${error.message}): run the cell again.`;
    }
    return () => {
      stop?.();
      for (const each of made) URL.revokeObjectURL(each);
    };
  },
};
