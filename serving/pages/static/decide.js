// A decision that needs a reason isn't sent without one: what was written would be lost with the page.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-recommended]");
  if (!form) return;
  const ORDER = ["none", "blue", "yellow", "red"];
  const { recommended, stands } = form.dataset;
  form.addEventListener("change", () => {
    const chosen = form.elements.colour.value;
    form.elements.reason.required = chosen !== recommended || ORDER.indexOf(chosen) < ORDER.indexOf(stands);
  });
});
