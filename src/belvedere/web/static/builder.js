// The builder tries the rule while one types. Everything here also works by the buttons of the form.
const WAIT = 600;
const one = (query, at = document) => at.querySelector(query);
const all = (query, at = document) => [...at.querySelectorAll(query)];
const form = one("form[data-builder]");
let timer, asked = 0, before = "";

const question = () => {
  const fields = new FormData(form);
  for (const name of ["csrf", "version", "name", "description"]) fields.delete(name);
  return new URLSearchParams(fields).toString();
};

const put = (page, query) => {
  const fresh = one(query, page), old = one(query), active = document.activeElement;
  if (!fresh || !old) return;
  const back = old.contains(active) && (active.id ? `#${CSS.escape(active.id)}` : active.name ? `[name="${CSS.escape(active.name)}"]` : "");
  for (const fold of all("details[open]", old)) {
    const same = all("details", fresh)[all("details", old).indexOf(fold)];
    if (same) same.open = true;
  }
  old.replaceWith(fresh);
  if (back) one(back, fresh)?.focus({ preventScroll: true });
};

// Ask the server what this form finds; an older answer never overwrites a newer one.
const ask = async (word, parts) => {
  const mine = ++asked, fields = new FormData(form);
  fields.set("try", word);
  const places = parts.map(part => one(part)).filter(Boolean);
  for (const place of places) place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/rules/draft", {
      method: "POST", body: new URLSearchParams(fields), credentials: "same-origin",
      headers: { "X-Belvedere-Swap": parts.join() },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return false;
    for (const part of parts) put(page, part);
    tune();
    return true;
  } catch {
    return false;
  } finally {
    for (const place of places) place.removeAttribute("aria-busy");
  }
};

// ---- an error goes once its part of the form was changed and the answer no longer names it
const errors = () => all(".err[id$='-error']", form).map(line => [line, line.id.slice(0, -6)]);
const written = name => {
  const field = one(`[name="${CSS.escape(name)}"]`, form), clause = !name.startsWith("field-") && field?.closest(".cond");
  return (clause ? all("input, select", clause) : [field]).map(part => part?.value).join("\n");
};
const first = new Map(form ? errors().map(([, name]) => [name, written(name)]) : []);
const mend = () => {
  const still = (one("#preview [data-wrong]")?.dataset.wrong ?? "").split(" ");
  for (const [line, name] of errors()) {
    if (!first.has(name) || written(name) === first.get(name) || still.includes(name)) continue;
    const field = one(`[name="${CSS.escape(name)}"]`, form);
    field?.removeAttribute("aria-invalid");
    field?.closest(".wrong")?.classList.remove("wrong");
    one(`[data-summary] a[href="#${CSS.escape(name)}"]`)?.closest("li").remove();
    line.remove();
  }
  const summary = one("[data-summary]"), left = summary && all("li", summary).length;
  if (left) one("b", summary).textContent = `Not saved: ${left} ${left === 1 ? "field needs" : "fields need"} a change.`;
  else summary?.remove();
};

const tryIt = async () => {
  const now = question();
  if (now === before) mend();
  if (now === before || !one('[name="field-0"]', form)?.value && !one(".c-word option:is([value=added],[value=removed]):checked", form)) return;
  before = now;
  const answered = await ask("on", ["#preview", "#expression", ...all("[id^=doubt-]").map(line => `#${line.id}`)]);
  if (answered) mend();
  if (answered && one("#history")) await ask("history", ["#history"]);
};

const later = event => {
  if (event.target.closest("[data-slider]")) return;
  clearTimeout(timer);
  timer = setTimeout(tryIt, WAIT);
};

// ---- the slider: plot and count follow at once from the figures that came with the page; the exact answer follows
const tune = () => {
  const box = one("[data-sweep]");
  if (!box || box.dataset.ready) return;
  box.dataset.ready = "yes";
  const sweep = JSON.parse(box.dataset.sweep), slider = one("[data-slider]", box), line = one("[data-line]", box);
  const limits = sweep.points.map(point => Number(point.limit));
  const show = () => {
    const at = Number(slider.value), point = sweep.points[at];
    one("[data-limit-said]", box).textContent = point.limit;
    one("[data-count-said]", box).textContent = point.fired;
    slider.setAttribute("aria-valuetext", `limit ${point.limit}, ${point.fired} times`);
    if (line && sweep.high !== sweep.low) {
      const y = (sweep.high - limits[at]) / (sweep.high - sweep.low) * sweep.height;
      for (const name of ["y1", "y2"]) line.setAttribute(name, Math.max(0, Math.min(sweep.height, y)));
    }
  };
  slider.addEventListener("input", () => {
    show();
    const field = one('[name="threshold-0"]', form);
    field.value = sweep.points[Number(slider.value)].limit;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const plot = one(".plot", box);
  const drag = event => {
    const area = one("svg", plot).getBoundingClientRect();
    const limit = sweep.high - (event.clientY - area.top) / sweep.height * (sweep.high - sweep.low);
    const nearest = limits.reduce((best, value, at) => Math.abs(value - limit) < Math.abs(limits[best] - limit) ? at : best, 0);
    if (String(nearest) === slider.value) return;
    slider.value = nearest;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  plot?.addEventListener("pointerdown", event => { plot.setPointerCapture(event.pointerId); drag(event); });
  plot?.addEventListener("pointermove", event => { if (plot.hasPointerCapture(event.pointerId)) drag(event); });
};

if (form) {
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  tune();
  if (one('[name="field-0"]', form)?.value) tryIt();
  // A row more or less is a new page; the focus goes on to where one was working.
  const last = all(".cond", form).at(-1);
  if (document.location.pathname === "/rules/draft" && last && !one("[data-summary]")) one("[name^=field-]", last)?.focus();
}
