/* Replaces the static image of each chart by the interactive one, shortly before it is seen, and
   adds what needs a script to each figure and table. Whatever fails, image, table and links stay. */
(() => {
  "use strict";
  const library = new URL("vega-bundle.js", document.currentScript.src).href;
  const boxes = [...document.querySelectorAll(".rso-chart")];
  let loading; // The library is large: fetched once, and only by a page that shows a chart.
  // Where a screen is narrow the picture made for it stays: it shows the whole chart at once.
  const narrow = matchMedia("(max-width: 480px)").matches;

  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = () => reject(new Error("cannot load " + library));
      document.head.append(script);
    }));

  function make(tag, className, text = "") {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  // A region whose changes a screen reader speaks; it has to be there before its first words.
  function liveRegion(className) {
    const region = make("p", className);
    region.setAttribute("role", "status");
    return region;
  }

  async function draw(box) {
    const image = box.querySelector("img");
    try {
      const script = box.querySelector(narrow ? "script[data-narrow]" : "script");
      if (!script) {
        box.dataset.state = "kept";
        return;
      }
      const spec = JSON.parse(script.textContent);
      await load();
      // Drawn out of sight and put in place when complete, so that paper never shows half of it.
      const picture = document.createElement("div");
      const controls = make("div", "rso-controls"); // outside the picture, or none could use them
      const options = {
        mode: "vega",
        renderer: "svg",
        actions: false,
        bind: controls,
        // The page's policy runs nothing that is made of text: charts are interpreted instead,
        // and what the library would add as styles of the page is in rso.css.
        ast: true,
        defaultStyle: false,
        tooltip: { disableDefaultStyle: true },
      };
      const { view } = await window.vegaEmbed(picture, spec, options);
      if (controls.childElementCount) box.before(controls);
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", image.alt);
      picture.querySelector("svg").setAttribute("aria-hidden", "true");
      for (const each of box.querySelectorAll("picture")) each.remove();
      box.prepend(picture);
      box.dataset.state = "drawn";
      sayChanges(box, view);
    } catch (error) {
      box.dataset.state = "failed";
      console.error(box.closest("figure").id, error);
    }
  }

  // A chart with controls may hold a signal `sentence`: what it shows, in words. It is spoken
  // when the reader's hand rests, not at every step of a slider.
  function sayChanges(box, view) {
    if (!("sentence" in view.getState().signals)) return;
    const region = liveRegion("rso-sentence");
    box.before(region);
    let timer;
    view.addSignalListener("sentence", (name, words) => {
      clearTimeout(timer);
      timer = setTimeout(() => (region.textContent = words), 500);
    });
  }

  // Where pages come over plain http, browsers keep the clipboard to the older way.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = make("textarea", "");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("the browser refused to copy");
  }

  function addCopyButton(after, label, text) {
    const button = make("button", "rso-copy", label);
    button.type = "button";
    const region = liveRegion("rso-copied");
    button.addEventListener("click", async () => {
      try {
        await copy(text());
        region.textContent = "Copied";
      } catch {
        region.textContent = "Not copied: select the text and copy it";
      }
      setTimeout(() => (region.textContent = ""), 4000);
    });
    after.after(button, region);
  }

  // A box that scrolls must be reachable by keyboard; one that does not should not be a stop.
  function markScrollers() {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // On a phone each row stands by itself, and each of its cells says which column it is of.
  function nameCells() {
    for (const table of document.querySelectorAll(".rso-table table:has(thead)")) {
      const heads = [...table.tHead.rows[0].cells].map((each) => each.textContent);
      for (const cell of table.querySelectorAll("tbody td"))
        cell.dataset.column = heads[cell.cellIndex];
      table.classList.add("rso-named");
    }
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((each) => each.isIntersecting)) {
        near.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "400px" },
  );
  for (const link of document.querySelectorAll(".rso-link"))
    addCopyButton(link, "Copy link", () => link.href);
  for (const citation of document.querySelectorAll(".rso-cite"))
    addCopyButton(citation, "Copy citation", () => citation.textContent);
  for (const box of boxes) near.observe(box);
  nameCells();
  markScrollers();
  window.addEventListener("resize", markScrollers);
})();
