// Service worker of the visits: without a line it shows the list of the day as it last came, while the session holds.
"use strict";

const PAGES = "anlan-visits";
const PAGE = "/visits";
const UNTIL = "X-Anlan-Until";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  // What scripts ask for is never answered from here: they must learn that there is no line.
  if (event.request.mode === "navigate" && url.pathname === PAGE) event.respondWith(list(event.request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(file(event.request));
});

async function list(request) {
  const pages = await caches.open(PAGES);
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return (await remembered(pages)) ?? nothing();
  }
  if (answer.ok && answer.headers.has(UNTIL)) await pages.put(PAGE, answer.clone());
  else if (answer.type === "opaqueredirect") await pages.delete(PAGE); // the session is over
  return answer;
}

async function remembered(pages) {
  const page = await pages.match(PAGE);
  if (page === undefined || Date.now() < Number(page.headers.get(UNTIL))) return page;
  await pages.delete(PAGE);
  return undefined;
}

async function file(request) {
  const files = await caches.open(PAGES); // their names hold their digests: what is there is right
  const there = await files.match(request);
  if (there !== undefined) return there;
  const answer = await fetch(request);
  if (answer.ok) await files.put(request, answer.clone());
  return answer;
}

function nothing() {
  const text =
    "<!DOCTYPE html><html lang='zh-CN'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>" +
    "<title>没有网络 · 安澜</title><h1>没有网络</h1><p>本机没有保存今天的清单，或登录已过期。联网后请重新打开；已记下的内容没有丢失。</p></html>";
  return new Response(text, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
