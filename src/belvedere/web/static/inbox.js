// Choosing many alerts: the bar counts them, and single keys act on the chosen ones, else on the alert that is open.
const one = (query, at = document) => at.querySelector(query);
const all = (query, at = document) => [...at.querySelectorAll(query)];
const boxes = () => all("#alert-list .al-row input[type=checkbox]");
const bar = () => one("[data-chosen-bar]");
const chosenAny = () => boxes().some(box => box.checked);
let last = -1;

const counted = () => {
  const chosen = boxes().filter(box => box.checked).length, place = bar();
  if (!place) return;
  const words = one("[data-chosen]", place);
  words.textContent = `${chosen} ${chosen === 1 ? "alert" : "alerts"} chosen`;
  const every = one("[data-choose-all]");
  if (every) {
    every.checked = chosen > 0 && chosen === boxes().length;
    every.indeterminate = chosen > 0 && chosen < boxes().length;
  }
  const more = one("[data-matching]", place);
  if (more) more.hidden = chosen !== boxes().length || !chosen;
};

addEventListener("change", event => {
  const at = event.target;
  if (at.matches("[data-choose-all]")) for (const box of boxes()) box.checked = at.checked;
  if (at.matches("#alert-list input[type=checkbox], [name=matching], [data-choose-all]")) counted();
});

addEventListener("click", event => {
  if (!event.target.matches("#alert-list .al-row input[type=checkbox]")) return;
  const rows = boxes(), at = rows.indexOf(event.target);
  if (event.shiftKey && last >= 0) for (const box of rows.slice(Math.min(at, last), Math.max(at, last) + 1)) box.checked = event.target.checked;
  last = at;
  counted();
});

// Before app.js hears of a key: with alerts chosen the keys mean all of them.
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]") || "nokeys" in document.documentElement.dataset) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const place = bar(), key = event.key.toLowerCase();
  if (key === "x") {
    const row = one(".al-row:has(.al.cur)") ?? one(".al-row:has(.al[aria-current])"), box = row && one("input", row);
    if (!box) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.shiftKey && last >= 0) {
      const rows = boxes(), at = rows.indexOf(box);
      for (const other of rows.slice(Math.min(at, last), Math.max(at, last) + 1)) other.checked = true;
      last = at;
    } else { box.checked = !box.checked; last = boxes().indexOf(box); }
    counted();
  } else if (key === "o") {
    const way = one("#alert-list .al.cur") ?? one("#alert-list .al[aria-current]");
    if (way) { event.preventDefault(); way.click(); }
  } else if (key === "escape" && chosenAny() && !one("details.menu[open]")) {
    for (const box of boxes()) box.checked = false;
    counted();
  } else if (place && "ansrc".includes(key)) {
    const act = one(`[data-bulk-key="${CSS.escape(key)}"]`, place);
    // The row under the keys is not the one that stands open beside: it is meant, so it is chosen first.
    const aside = one(".al-row:has(.al.cur:not([aria-current])) input");
    if (!chosenAny() && aside) { aside.checked = true; counted(); }
    if (!act || !chosenAny()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act.focus();
    act.click();
  }
}, true);

// Enter in a field of a menu means the menu's own button, not the first one of the form.
addEventListener("keydown", event => {
  const menu = event.key === "Enter" && event.target.matches("input:not([type=checkbox])") && event.target.closest(".drop");
  const act = menu && (one("button[value=own]", menu) ?? one("button", menu));
  if (act) { event.preventDefault(); act.click(); }
});

new MutationObserver(counted).observe(one("#panes") ?? document.body, { childList: true, subtree: false });
counted();
