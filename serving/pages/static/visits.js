// The visits of a day: every finding is first noted on the phone, then sent as soon as there is a line.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const round = document.getElementById("round");
  const PART = { calm: "平稳", tense: "紧张", worse: "恶化", unknown: "未判断" };
  const RETRY = 10_000;
  const { lock, owner } = round.dataset;
  // Browsers keep nothing for pages that came by plain http from another machine: there the forms go as they are.
  const canKeep = window.isSecureContext && "indexedDB" in window;
  const show = (id, on) => { document.getElementById(id).hidden = !on; };
  let sending = null;

  function tell(text) {
    const told = document.getElementById("told");
    told.textContent = text;
    told.hidden = text === "";
  }

  // Deadlines

  function left(due) {
    const away = due - Date.now(), size = Math.abs(away) / 60_000;
    const said = size >= 2880 ? `${Math.floor(size / 1440)}天` : size >= 120 ? `${Math.floor(size / 60)}小时` : `${Math.max(Math.floor(size), 1)}分钟`;
    return away < 0 ? `超期${said}` : `还剩${said}`;
  }

  function tick() {
    for (const badge of document.querySelectorAll("time[data-due]")) {
      const due = Date.parse(badge.dateTime);
      badge.textContent = left(due);
      badge.classList.toggle("late", due < Date.now());
    }
  }

  // Noting

  async function note(form, found) {
    const card = form.closest("article");
    const fields = Object.fromEntries(new FormData(form));
    delete fields.csrf;
    delete fields.once;
    const name = card.querySelector("h2").textContent.replace(/^\d+\. /, "");
    const said = form.querySelector(`button[value="${found}"]`).textContent;
    await kept.put(lock, owner, { ...fields, found, name, said, tapped: Date.now() });
    await forgetDraft(card);
    tell("");
    await list();
    await send();
  }

  document.querySelector(".places").addEventListener("submit", (event) => {
    const form = event.target.closest("form.finding");
    if (!form || !event.submitter || !canKeep) return;
    event.preventDefault();
    // Where the phone can't keep anything, the form goes as it would without a script.
    note(form, event.submitter.value).catch(() => {
      const found = Object.assign(document.createElement("input"), { type: "hidden", name: "found", value: event.submitter.value });
      form.append(found);
      form.submit();
    });
  });

  // Half-written notes: a phone that is short of memory closes the page while somebody looks up a number

  const saved = new WeakMap();

  function saveDraft(card) {
    clearTimeout(saved.get(card));
    saved.set(card, setTimeout(async () => {
      card.dataset.draft ??= `draft-${crypto.randomUUID()}`;
      const { person_id, text, referred_to, weapon_seen } = Object.fromEntries(new FormData(card.querySelector("form")));
      const draft = { visit_id: card.dataset.draft, draft: true, person_id, text, referred_to, weapon_seen, tapped: Date.now() };
      await kept.put(lock, owner, draft);
    }, 300));
  }

  async function forgetDraft(card) {
    clearTimeout(saved.get(card));
    if (card.dataset.draft) await kept.drop(card.dataset.draft);
    delete card.dataset.draft;
  }

  function fill(form, { text, referred_to, weapon_seen }) {
    form.elements.text.value = text ?? "";
    form.elements.referred_to.value = referred_to ?? "";
    form.elements.weapon_seen.checked = weapon_seen === "yes";
  }

  async function bringDrafts() {
    for (const draft of (await kept.all(lock, owner)).filter((one) => one.draft)) {
      const card = cardOf(draft.person_id);
      if (!card || draft.tapped < Date.now() - 86_400_000) await kept.drop(draft.visit_id);
      else {
        card.dataset.draft = draft.visit_id;
        fill(card.querySelector("form"), draft);
      }
    }
  }

  // What waits

  function cardOf(person) {
    return [...document.querySelectorAll("article.place")].find((card) => card.dataset.person === person);
  }

  function element(tag, text, more = {}) {
    return Object.assign(document.createElement(tag), { textContent: text, ...more });
  }

  function button(text, act) {
    return element("button", text, { type: "button", onclick: () => act().then(list).then(send) });
  }

  function clock(moment) {
    return new Date(moment).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  }

  function entry(one) {
    const line = element("li", "");
    line.append(element("b", one.name), ` ${one.said} `, element("span", clock(one.tapped), { className: "hint" }));
    if (one.weapon_seen) line.append(" ", element("span", "见到凶器", { className: "badge late" }));
    if (one.text) line.append(element("p", one.text, { className: "hint" }));
    const choices = element("div", "", { className: "choices" });
    const drop = () => kept.drop(one.visit_id);
    const takeBack = async () => {
      const card = cardOf(one.person_id);
      if (card) fill(card.querySelector("form"), one);
      await drop();
      if (card) saveDraft(card);
    };
    if (one.clash) {
      const { other, outcome } = one.clash;
      const there = `${clock(other.at)} ${other.contact ? `见到，${PART[other.finding]}` : "未见到"}`;
      const why = outcome === "visited"
        ? `这户在清单取回后${other.mine ? "您" : "另有人"}已记录过走访（${there}）。两次都算数吗？`
        : `这次走访已按另一结果记录过（${there}）。`;
      line.append(element("p", why, { className: "notice wait" }));
      const both = async () => {
        const visit_id = outcome === "changed" ? `${one.visit_id}-2` : one.visit_id;
        await kept.put(lock, owner, { ...one, visit_id, both: "yes", clash: undefined });
        if (outcome === "changed") await drop();
      };
      choices.append(button("两次都保留", both), button("不要我这次的", drop));
    } else if (one.refused) {
      line.append(element("p", one.refused, { className: "notice bad" }));
      choices.append(button("改好再记", takeBack));
    } else {
      choices.append(button("撤回", takeBack));
    }
    line.append(choices);
    return line;
  }

  async function list() {
    const waiting = (await kept.all(lock, owner)).filter((one) => !one.draft);
    document.querySelector("#waiting ul").replaceChildren(...waiting.map(entry));
    show("waiting", waiting.length > 0);
    document.getElementById("h-waiting").textContent = `待上传 ${waiting.length} 条`;
    const people = new Set(waiting.map((one) => one.person_id));
    for (const card of document.querySelectorAll("article.place")) {
      const noted = people.has(card.dataset.person);
      card.querySelector("form").hidden = noted;
      card.querySelector(".noted").hidden = !noted;
    }
    return waiting;
  }

  // Sending

  // Whether there is a line: what the browser says of it is about its own network only.
  async function line() {
    const there = await fetch("/healthz").then((answer) => answer.text()).then(() => true, () => false);
    show("away", !there);
    return there;
  }

  // The page as it is now: its token is that of the session that holds, whatever the page in hand was made for.
  async function fresh() {
    const answer = await fetch("/visits", { redirect: "manual" });
    const over = answer.type === "opaqueredirect";
    show("over", over);
    if (over) await forgetList();
    if (over || !answer.ok) return null;
    const copy = answer.clone();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.getElementById("round")?.dataset.owner !== owner) return null; // somebody else has logged in
    // What is shown without a line is the list as it last came, by whatever way.
    if ("caches" in window) await (await caches.open(KEPT_PAGES)).put("/visits", copy);
    const ahead = Date.parse(answer.headers.get("Date")) - Date.now();
    return { page, token: page.querySelector("input[name=csrf]").value, ahead };
  }

  async function sendOne(one, { token, ahead }) {
    // The time of the tap by the service's clock is fixed before it is first sent: sent again, it is the same visit.
    if (!one.at) {
      one.at = new Date(one.tapped + ahead).toISOString();
      await kept.put(lock, owner, one);
    }
    const { name, said, tapped, clash, refused, ...fields } = one;
    const answer = await fetch("/visits", {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ ...fields, csrf: token }),
      redirect: "manual",
    });
    if (answer.ok) {
      await answer.text(); // to its end: else it is cut off when somebody goes to another page
      await kept.drop(one.visit_id);
      return true;
    }
    if (answer.status === 409 && (answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
      await kept.put(lock, owner, { ...one, clash: await answer.json() });
    } else if ([409, 413, 422].includes(answer.status)) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const refused = [...page.querySelectorAll("[role=alert] p, [role=alert] li")].map((part) => part.textContent).join(" ");
      await kept.put(lock, owner, { ...one, refused: refused || "没有被接受。" });
    }
    return false; // else later: no line, the session is over, or the service is busy
  }

  async function round_trip() {
    let sent = 0;
    try {
      const ready = (await kept.all(lock, owner)).filter((one) => !one.draft && !one.clash && !one.refused);
      if (ready.length === 0) {
        await line();
        return;
      }
      const now = await fresh();
      if (now === null) return;
      for (const one of ready) sent += await sendOne(one, now);
      if (sent > 0) {
        const after = await fresh();
        if (after !== null) take(after.page);
        tell(`走访已记录 ${sent} 条，相关案件已重新评估。`);
      }
      show("away", false);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch's way to say that there is no line
      show("away", true);
    } finally {
      await list();
    }
  }

  // One at a time, and in other tabs too: two senders would meet each other's findings as conflicts.
  function send() {
    const work = () => (navigator.locks ? navigator.locks.request("anlan-visits", round_trip) : round_trip());
    sending = (sending ?? Promise.resolve()).then(work, work);
    return sending;
  }

  // The list as it is now, around what somebody may be writing: cards that are still due stay as they are.
  function take(page) {
    for (const id of ["counts", "done"]) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    const due = new Map([...page.querySelectorAll("article.place")].map((card) => [card.dataset.person, card]));
    const places = document.querySelector(".places");
    for (const card of places.querySelectorAll("article.place")) {
      if (due.has(card.dataset.person)) due.delete(card.dataset.person);
      else card.remove();
    }
    for (const card of due.values()) places.append(document.adoptNode(card));
    places.querySelectorAll("article.place h2").forEach((title, place) => {
      title.textContent = title.textContent.replace(/^\d+/, place + 1);
    });
    if (!places.querySelector("article.place") && !places.querySelector(".panel")) {
      places.append(element("p", "今天没有要走访的人了。", { className: "panel" }));
    }
  }

  // Leaving

  document.querySelector("form[action='/logout']").addEventListener("submit", async (event) => {
    if (!canKeep) return;
    event.preventDefault();
    const form = event.target;
    await send();
    await forgetList();
    if (await line()) form.submit();
    else {
      round.replaceChildren(element("p", "本机上的清单已清除。联网后请再点一次“退出”，才算退出登录。", { className: "notice wait" }));
    }
  });

  async function begin() {
    document.getElementById("print").hidden = false;
    document.getElementById("print").onclick = () => window.print();
    tick();
    setInterval(tick, 30_000);
    if (!canKeep) return;
    addEventListener("online", send);
    addEventListener("offline", () => show("away", true));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); send(); } });
    const unsettled = () => ["away", "waiting"].some((id) => !document.getElementById(id).hidden);
    setInterval(() => { if (!document.hidden && unsettled()) send(); }, RETRY);
    document.querySelector(".places").addEventListener("input", (event) => saveDraft(event.target.closest("article")));
    await bringDrafts();
    await list();
    await send();
    if ("serviceWorker" in navigator) {
      await navigator.serviceWorker.register(round.dataset.worker, { scope: "/visits" });
      await navigator.serviceWorker.ready;
      await keepPage();
    }
    round.dataset.ready = "yes";
  }

  // The first time the worker came too late to see the page pass by.
  async function keepPage() {
    const pages = await caches.open(KEPT_PAGES);
    if ((await pages.match("/visits")) === undefined) {
      const answer = await fetch("/visits", { redirect: "manual" });
      if (answer.ok) await pages.put("/visits", answer);
    }
    const files = [...document.querySelectorAll("script[src], link[href^='/assets/']")].map((one) => one.src || one.href);
    for (const url of files) if ((await pages.match(url)) === undefined) await pages.add(url);
  }

  begin();
});
