// What a browser keeps of the visits, and how it forgets it: when nobody is logged in, nothing can be read there.
"use strict";

const KEPT_PAGES = "anlan-visits";
const KEPT_FINDINGS = "anlan-visits";

// The list of the day goes. Findings that wait stay, locked: the key for them comes with the page of their worker.
async function forgetList() {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) if (name.startsWith("anlan-")) await caches.delete(name);
}

if (document.querySelector("form[action='/login']")) {
  forgetList().then(() => { document.documentElement.dataset.forgotten = "yes"; });
}
