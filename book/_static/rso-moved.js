/* On a page in the place of one that is gone: goes on to where the anchor of the address is now. */
(() => {
  "use strict";
  const anchor = document.getElementById(location.hash.slice(1));
  location.replace((anchor ?? document.querySelector("a")).href);
})();
