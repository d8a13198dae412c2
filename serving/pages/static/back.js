/* Back to the page that a refused form stood on. By the browser's own memory: this page names no path, which
   may hold what somebody typed. The browser asks for the page anew, for nothing of ours is kept. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("[data-back]");
  if (!button || history.length < 2) return;
  button.hidden = false;
  button.addEventListener("click", () => history.back());
});
