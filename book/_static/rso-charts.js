/* Replaces the static image of each chart by the interactive one, shortly before it is seen.
   Whatever fails, the image stays. */
(() => {
  "use strict";
  const library = new URL("vega-bundle.js", document.currentScript.src).href;
  let loading; // The library is large: fetched once, and only by a page that shows a chart.

  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = () => reject(new Error("cannot load " + library));
      document.head.append(script);
    }));

  async function draw(box) {
    const image = box.querySelector("img");
    try {
      const spec = JSON.parse(box.querySelector("script").textContent);
      await load();
      // Drawn out of sight and put in place when complete, so that paper never shows half of it.
      const picture = document.createElement("div");
      const controls = document.createElement("div"); // outside the picture, or none could use them
      controls.className = "rso-controls";
      const options = { mode: "vega", renderer: "svg", actions: false, bind: controls };
      await window.vegaEmbed(picture, spec, options);
      if (controls.childElementCount) box.before(controls);
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", image.alt);
      picture.querySelector("svg").setAttribute("aria-hidden", "true");
      image.replaceWith(picture);
      box.dataset.state = "drawn";
    } catch (error) {
      box.dataset.state = "failed";
      console.error(box.closest("figure").id, error);
    }
  }

  // A box that scrolls must be reachable by keyboard; one that does not should not be a stop.
  function markScrollers() {
    for (const box of document.querySelectorAll(".rso-chart")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
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
  for (const box of document.querySelectorAll(".rso-chart")) near.observe(box);
  markScrollers();
  window.addEventListener("resize", markScrollers);
})();
