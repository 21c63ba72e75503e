/* What the theme's own markup and scripts leave undone, and only a script can mend. Runs before
   the theme's scripts, which read the titles that are set here. */
(() => {
  "use strict";

  // The theme's names for its buttons say what they are inside, or are not British English. Its
  // bubbles with these names cover the buttons next to them and cannot be dismissed or pointed at
  // (WCAG 1.4.13), so the browser's own take their place.
  const names = {
    ".primary-toggle": "Pages of this report",
    ".secondary-toggle": "Sections of this page",
    ".theme-switch-button": "Light or dark colours",
  };
  for (const [selector, name] of Object.entries(names)) {
    for (const button of document.querySelectorAll(selector)) {
      button.title = name;
      button.setAttribute("aria-label", name);
    }
  }
  for (const button of document.querySelectorAll("[data-bs-toggle=tooltip]")) {
    button.removeAttribute("data-bs-toggle");
  }

  // The arrow beside a page that has pages below it is without a name.
  for (const arrow of document.querySelectorAll(".bd-docs-nav summary")) {
    const above = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.setAttribute("aria-label", `Pages under ${above}`);
  }

  // Where the pointer rests on the mark of a source, the source is named.
  for (const mark of document.querySelectorAll(".footnote-reference, .rso-mark a")) {
    const note = document.getElementById(mark.hash.slice(1));
    if (note) mark.title = (note.querySelector("p") || note).textContent;
  }

  // What a link names is shown, also by browsers that leave it folded.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    const folds = [...(target?.querySelectorAll(":scope > .rso-section") ?? [])];
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") folds.push(at);
    if (!folds.some((fold) => !fold.open)) return;
    for (const fold of folds) fold.open = true;
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  // The theme's own way is a script within the page, which the policy of the page forbids.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }

  // The theme takes the focus away from each of these buttons when it is pressed, so that who
  // uses a keyboard is thrown back to the top of the page. It is given back: at once, or when
  // the box closes that the button opened.
  const buttons = ".theme-switch-button, .search-button__button, .primary-toggle, .secondary-toggle";
  for (const button of document.querySelectorAll(buttons)) {
    button.addEventListener("click", () =>
      setTimeout(() => {
        const box = document.querySelector("dialog[open]");
        if (box) box.addEventListener("close", () => button.focus(), { once: true });
        else if (document.activeElement === document.body) button.focus();
      }),
    );
  }
})();
