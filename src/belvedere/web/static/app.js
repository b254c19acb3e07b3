// Every page reads and every form posts without this module; it only makes them faster.
const root = document.documentElement;
const one = (query, at = document) => at.querySelector(query);
const all = (query, at = document) => [...at.querySelectorAll(query)];
const shown = element => element && element.getClientRects().length > 0;

// ---- said aloud, and toasts with undo
const say = text => { one("#said").textContent = text; };

const settle = toast => setTimeout(() => {
  if (toast.matches(":hover, :focus-within")) settle(toast); else toast.remove();
}, 8000);

const toast = text => {
  const element = document.createElement("div");
  element.className = "toast";
  element.textContent = text;
  one(".toasts").append(element);
  settle(element);
};

// ---- partial swaps: [data-swap="#id"] on links and forms takes that part out of the answer
const parts = query => query.split(",").map(part => part.trim());

const apply = (html, query, keepFocus) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const active = document.activeElement, way = active?.getAttribute?.("href");
  const focused = active?.id ? `#${CSS.escape(active.id)}` : way ? `a[href="${CSS.escape(way)}"]` : "";
  let found = 0;
  for (const part of parts(query)) {
    const fresh = one(part, page), old = one(part);
    if (!fresh || !old) continue;
    old.replaceWith(fresh);
    found += 1;
  }
  for (const note of all(".toasts > .toast", page)) { one(".toasts").append(note); settle(note); }
  if (found && page.title) document.title = page.title;
  if (keepFocus && focused && !active.isConnected) one(focused)?.focus({ preventScroll: true });
  return found;
};

const swap = async (url, query, options = {}) => {
  const place = one(parts(query)[0]);
  place?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { ...options.request, headers: { "X-Belvedere-Swap": query }, credentials: "same-origin" });
    const html = await answer.text();
    if (!apply(html, query, true)) { location.assign(answer.url); return; }
    if (options.push !== false) history.pushState({ query }, "", options.push || answer.url);
    if (place?.dataset.says) say(one(parts(query)[0])?.dataset.says ?? "");
    wake();
  } catch {
    place?.removeAttribute("aria-busy");
    toast("Not reached. Check the connection and try again.");
  }
};

addEventListener("popstate", () => location.reload());

addEventListener("click", event => {
  const target = event.target.closest("a[data-swap], [data-copy], [data-palette], [data-close], [data-all]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (target.matches("a[data-swap]")) {
    // on a narrow window the list and its detail are two pages, so the link is simply followed
    if (target.matches("[data-wide]") && innerWidth <= 900) return;
    event.preventDefault();
    swap(target.href, target.dataset.swap);
  } else if ("copy" in target.dataset) {
    navigator.clipboard.writeText(one(target.dataset.copy).textContent.trim()).then(() => toast("Copied"));
  } else if ("palette" in target.dataset) { event.preventDefault(); palette(); }
  else if ("close" in target.dataset) target.closest("dialog").close();
  else if ("all" in target.dataset) {
    for (const box of all("tbody input[type=checkbox]", target.closest("table"))) box.checked = target.checked;
    counted();
  }
});

addEventListener("submit", event => {
  const form = event.target, button = event.submitter;
  const query = button?.dataset.swap ?? (button?.hasAttribute("formaction") ? "" : form.dataset.swap);
  if (!query) { form.dataset.sent = "yes"; return; }
  event.preventDefault();
  const fields = new FormData(form, button), action = button?.hasAttribute("formaction") ? button.formAction : form.action;
  if (form.method === "get") {
    const kept = [...fields].filter(([, value]) => value !== "");
    const [way, place] = action.split("#");
    swap(`${way.split("?")[0]}?${new URLSearchParams(kept)}${place ? `#${place}` : ""}`, query);
  } else swap(action, query, { request: { method: "POST", body: new URLSearchParams(fields) }, push: button?.dataset.swap ? false : undefined });
});

addEventListener("change", event => {
  const form = event.target.form;
  if (event.target.matches("[data-now]")) form.requestSubmit();
  if (event.target.matches("tbody input[type=checkbox]")) counted();
});

// ---- forms: say that something is not saved yet, and guard it
addEventListener("input", event => {
  const form = event.target.closest("form[data-dirty]");
  if (!form) return;
  form.dataset.changed = "yes";
  for (const sign of all("[data-when-dirty]")) sign.hidden = false;
});
addEventListener("beforeunload", event => {
  if (one("form[data-changed]:not([data-sent])")) event.preventDefault();
});

const counted = () => {
  for (const bar of all("[data-bulk]")) {
    const count = all("tbody input:checked", bar.parentElement).length;
    bar.hidden = !count;
    one("[data-picked]", bar).textContent = count;
  }
};

// ---- theme: follows the system until chosen; the choice lives in a cookie, so the server draws it at once
const isDark = () => root.dataset.theme === "dark" || root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches;
const turn = theme => {
  root.dataset.theme = theme;
  document.cookie = `belvedere_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
};
addEventListener("submit", event => {
  if (!event.target.matches("[data-theme-switch]")) return;
  event.preventDefault();
  turn(isDark() ? "light" : "dark");
});

// ---- menus: focus goes in, Esc and a click beside bring it back
addEventListener("toggle", event => {
  if (event.target.matches("details.menu[open]")) one("textarea, input:not([type=hidden]), button", one(".drop", event.target))?.focus();
}, true);
const shut = back => {
  for (const menu of all("details.menu[open]")) { menu.open = false; if (back) one("summary", menu).focus(); }
};
addEventListener("pointerdown", event => { if (!event.target.closest("details.menu")) shut(false); });

// ---- palette and keys
const palette = () => {
  const dialog = one("#palette");
  if (dialog.open) return;
  dialog.showModal();
  one(".find", dialog).select();
  narrow();
};
const hits = () => all("#palette .hits li:not([hidden])");
const mark = at => {
  for (const hit of all("#palette .on")) hit.classList.remove("on");
  at?.classList.add("on");
  at?.scrollIntoView({ block: "nearest" });
};
let asked;
const narrow = () => {
  const words = one("#palette .find").value.toLowerCase().trim();
  for (const hit of all("#palette [data-own] li")) hit.hidden = !hit.textContent.toLowerCase().includes(words);
  mark(hits()[0]);
  clearTimeout(asked);
  if (words.length > 1) asked = setTimeout(look, 160, words);
  else one("#palette-found").replaceChildren();
};
const look = async words => {
  const answer = await fetch(`/search?q=${encodeURIComponent(words)}`, { headers: { "X-Belvedere-Swap": "#found" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  one("#palette-found").replaceChildren(...(one("#found", page)?.children ?? []));
  if (!one("#palette .on:not([hidden])")) mark(hits()[0]);
};
addEventListener("input", event => { if (event.target.matches("#palette .find")) narrow(); });

const list = () => all("[data-row]").filter(shown);
let current = -1;
const move = step => {
  const rows = list();
  if (!rows.length) return;
  if (current < 0) current = rows.findIndex(row => row.matches("[aria-current]"));
  rows[current]?.classList.remove("cur");
  current = Math.max(0, Math.min(rows.length - 1, current + step));
  const row = rows[current], way = row.matches("a") ? row : one("a", row);
  row.classList.add("cur");
  row.scrollIntoView({ block: "nearest" });
  way?.focus({ preventScroll: true });
};

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => one("input[type=checkbox]", list()[current] ?? root)?.click(),
  t: () => turn(isDark() ? "light" : "dark"),
  "?": () => one("#keys").showModal(),
  "/": () => one("[data-find]")?.focus(),
  Escape: () => { for (const row of all(".cur")) row.classList.remove("cur"); current = -1; },
};

addEventListener("keydown", event => {
  const held = event.ctrlKey || event.metaKey;
  if (held && event.key === "k") { event.preventDefault(); palette(); return; }
  if (held && event.key === "s" && one("form[data-dirty]")) { event.preventDefault(); one("form[data-dirty]").requestSubmit(); return; }
  if (one("#palette[open]")) {
    if (event.key === "Escape") { event.preventDefault(); one("#palette").close(); }
    const found = hits(), at = found.findIndex(hit => hit.matches(".on"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(found[at + (event.key === "ArrowDown" ? 1 : -1)] ?? found[at]); }
    if (event.key === "Enter" && found[at]) { event.preventDefault(); one("a, button", found[at]).click(); }
    return;
  }
  if (event.key === "Escape" && one("details.menu[open]")) { shut(true); return; }
  if (held || event.altKey || one("dialog[open]") || "nokeys" in root.dataset) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const bound = all(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`).find(shown);
  if (bound) { event.preventDefault(); bound.focus(); bound.click(); return; }
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { if (event.key !== "Escape") event.preventDefault(); act(); }
});

// ---- relative ages
const words = seconds => {
  const minutes = Math.max(1, Math.floor(seconds / 60)), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (minutes < 60) return `${minutes}\u00a0min`;
  if (hours < 24) return `${hours}\u00a0h${hours < 10 && minutes % 60 ? ` ${minutes % 60}\u00a0min` : ""}`;
  return `${days}\u00a0${days === 1 ? "day" : "days"}`;
};
setInterval(() => {
  for (const time of all("time[data-age]")) time.textContent = words((Date.now() - new Date(time.dateTime)) / 1000);
}, 30000);

// ---- live feed: counts change in place; a list that is in use waits behind a button
const shortened = count => count > 10000 ? "10,000+" : count.toLocaleString("en");
const counts = values => {
  for (const [name, count] of Object.entries(values)) {
    const value = count && shortened(count);
    for (const place of all(`[data-count="${name}"]`)) {
      place.textContent = value || "";
      place.hidden = !value;
    }
    if (root.dataset.counts === name) document.title = document.title.replace(/^(.*?)( \([\d,]+\+?\))?( · .*)$/, `$1${value ? ` (${value})` : ""}$3`);
  }
};
const busy = part => part.contains(document.activeElement) || part.scrollTop > 40 || scrollY > 200 && part.matches("[data-waits]") || one("input[form]:checked", part) || one("form[data-changed]");
const refresh = async part => {
  const known = new Set(all("a[data-row], [data-row] a", part).map(row => row.href));
  await swap(part.dataset.refresh || location.href, [`#${part.id}`, part.dataset.also].filter(Boolean).join(), { push: false });
  for (const row of all(`#${part.id} [data-row]`)) {
    row.classList.toggle("arrived", known.size > 0 && !known.has((row.matches("a") ? row : one("a", row))?.href));
  }
};
const changed = topic => {
  for (const part of all(`[data-topic~="${CSS.escape(topic)}"]`)) {
    const bell = one(`[data-news-for="${part.id}"]`);
    if (!busy(part) || !bell && !one("form[data-changed], details.menu[open]", part)) { refresh(part); continue; }
    if (!bell) continue;
    const count = Number(bell.dataset.new || 0) + 1;
    bell.dataset.new = count;
    bell.textContent = `${count} new`;
    bell.hidden = false;
    bell.onclick = () => { bell.dataset.new = 0; bell.hidden = true; refresh(part); };
  }
};
if (root.dataset.live) {
  const feed = new EventSource(root.dataset.live);
  feed.addEventListener("counts", event => counts(JSON.parse(event.data)));
  feed.addEventListener("changed", event => changed(JSON.parse(event.data).topic));
  feed.addEventListener("critical", event => { one("#alarm").textContent = JSON.parse(event.data).title; });
}

// ---- regions in progress ask again until the answer no longer says so
const wake = () => {
  for (const part of all("[data-poll]:not([data-asked])")) {
    part.dataset.asked = "yes";
    setTimeout(() => { if (part.isConnected) refresh(part); }, Number(part.dataset.poll) * 1000);
  }
  counted();
};

root.classList.add("js");
// A row of tabs that is wider than the window begins with the one that is shown.
const here = one(".tabs [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;

// ---- parts of a form that belong to some choices only; without this module all of them stand, each saying whose it is
const fit = () => {
  for (const part of all("[data-of]")) {
    const choice = one(`#${part.dataset.by}`), belongs = part.dataset.of.split(" ").includes(choice?.value);
    part.hidden = !belongs;
    for (const field of all("input, select, textarea", part)) field.disabled = !belongs;
  }
};
document.addEventListener("change", fit);
fit();
for (const note of all(".toast")) settle(note);
one("[autofocus], [data-summary]")?.focus();
wake();
