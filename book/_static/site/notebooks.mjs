// A downloaded notebook installs the package of the book from the site that it came from, so the
// address of this site is written into its first cell on the way.

for (const link of document.querySelectorAll("a[download][href*='_notebooks/'][href$='.ipynb']")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    let text;
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.status);
      text = await answer.text();
    } catch {
      location.href = link.href; // the browser downloads it, or says itself what is wrong
      return;
    }
    const folder = new URL("./", link.href).href.replace(/exercises\/$/, "");
    const file = new Blob([text.replace(/SITE = \\"[^"\\]*\\"/, `SITE = \\"${folder}\\"`)], {
      type: "application/x-ipynb+json",
    });
    const address = URL.createObjectURL(file);
    const anchor = Object.assign(document.createElement("a"), {
      href: address,
      download: link.href.split("/").pop(),
    });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });
}
