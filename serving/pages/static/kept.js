// Findings that wait on the phone, in IndexedDB, locked by AES-GCM: without the page of their worker they are noise.
"use strict";

const kept = (() => {
  const STORE = "waiting";
  let opened = null;

  function open() {
    opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(KEPT_FINDINGS, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    return opened;
  }

  async function within(mode, act) {
    const base = await open();
    return new Promise((resolve, reject) => {
      // Written through to the disk before it is said to be noted: a phone may die in the next second.
      const work = base.transaction(STORE, mode, { durability: "strict" });
      const asked = act(work.objectStore(STORE));
      work.oncomplete = () => resolve(asked.result);
      work.onerror = work.onabort = () => reject(work.error);
    });
  }

  async function keyOf(hex) {
    const bytes = Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
    return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  }

  return {
    // Put a finding, or what has changed of it.
    async put(lock, owner, finding) {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(finding));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await keyOf(lock), plain);
      await within("readwrite", (store) => store.put({ id: finding.visit_id, owner, nonce, sealed }));
    },
    // The findings of one worker, in the order in which they were made.
    async all(lock, owner) {
      const rows = await within("readonly", (store) => store.getAll());
      const key = await keyOf(lock);
      const found = [];
      for (const row of rows.filter((one) => one.owner === owner)) {
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.nonce }, key, row.sealed);
        found.push(JSON.parse(new TextDecoder().decode(plain)));
      }
      return found.sort((one, other) => one.tapped - other.tapped);
    },
    async drop(id) {
      await within("readwrite", (store) => store.delete(id));
    },
  };
})();
