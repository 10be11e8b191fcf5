// The desk with the keyboard, and without a new page for each decision. Everything here works without it, too.
"use strict";

const list = document.getElementById("list");
const queue = document.getElementById("queue");
const toast = document.getElementById("toast");
let at = null;

const cards = () => (list ? [...list.querySelectorAll(".mention")] : []);

// Words of strangers come here: as text, never as markup.
function say(words) {
  toast.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 8000);
}

function go(card, scroll = true) {
  if (at) at.classList.remove("at");
  at = card;
  if (!card) return;
  card.classList.add("at");
  card.focus({ preventScroll: true });
  if (scroll) card.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cards();
  if (!all.length) return;
  const place = all.indexOf(at);
  go(all[place < 0 ? 0 : Math.min(Math.max(place + by, 0), all.length - 1)]);
}

function count() {
  const ticked = queue.querySelectorAll("input[name=id]:checked").length;
  document.getElementById("ticked").textContent = ticked ? `${ticked} ticked:` : "Ticked:";
}

function recount() {
  const heading = document.querySelector("h1");
  const left = cards().length;
  if (heading) heading.textContent = heading.textContent.replace(/\(\d+(\+?)\)/, (_, more) => `(${left}${more})`);
  document.getElementById("all").checked = false;
  count();
  if (left || !list) return;
  if (document.querySelector(".more")) { location.reload(); return; }
  queue.querySelector(".bulk").remove();
  list.textContent = "Nothing is left here.";
}

function offerUndo(words) {
  const place = document.getElementById("undo");
  const form = document.createElement("form");
  const did = document.createElement("span");
  const button = document.createElement("button");
  form.method = "post";
  form.action = queue.action.replace(/mentions$/, "undo");
  for (const name of ["csrf", "site", "state"]) {
    const field = queue.querySelector(`input[type=hidden][name=${name}]`);
    if (field) form.append(field.cloneNode());
  }
  did.id = "did";
  did.textContent = `Last: ${words}`;
  button.textContent = "Undo";
  button.dataset.key = "u";
  form.append(did, " ", button);
  place.replaceChildren(form);
}

function remove(done) {
  const all = cards();
  const gone = new Set(done.map((one) => `m-${one.id}`));
  const start = Math.max(all.indexOf(at), 0);
  const later = all.slice(start).concat(all.slice(0, start).reverse());
  const next = later.find((card) => !gone.has(card.id)) || null;
  for (const card of all) if (gone.has(card.id)) card.remove();
  go(next);
  recount();
}

// One decision after another, in the order of the keys that were pressed.
let before = Promise.resolve();

async function send(body) {
  try {
    const answer = await fetch(queue.action, {
      method: "POST", body, headers: { accept: "application/json" }, credentials: "same-origin",
    });
    const told = await answer.json();
    if (!answer.ok) { say(told.error_description || "This could not be done."); return; }
    remove(told.done);
    offerUndo(told.words);
    if (told.refused.length) say([told.words, ...told.refused].join(" "));
  } catch {
    say("The bridge cannot be reached. Nothing is known of what was done: load this page again.");
  }
}

function act(button) {
  const body = new URLSearchParams(new FormData(queue));
  const [, , claim] = button.value.split(" ");
  if (claim) {
    body.delete("id");
    const card = document.getElementById(`m-${claim}`);
    if (card && card === at) step(1);
  }
  body.set("do", button.value);
  before = before.then(() => send(body));
}

function tick(box) {
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

if (queue) {
  queue.addEventListener("submit", (event) => {
    if (!event.submitter || event.submitter.name !== "do") return;
    event.preventDefault();
    act(event.submitter);
  });
  const all = document.getElementById("all");
  all.addEventListener("change", () => {
    for (const box of queue.querySelectorAll("input[name=id]")) box.checked = all.checked;
  });
  queue.addEventListener("change", count);
  list.addEventListener("focusin", (event) => {
    const card = event.target.closest(".mention");
    if (card && card !== at) { if (at) at.classList.remove("at"); at = card; card.classList.add("at"); }
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "u") {
    before.then(() => {
      const button = document.querySelector("#undo button");
      if (button) button.click(); else say("There is nothing to undo.");
    });
  } else if (event.key === "/") {
    const search = document.getElementById("q");
    if (!search) return;
    search.focus();
  } else if (event.key === "?") {
    const keys = document.querySelector(".keys");
    if (keys) keys.open = !keys.open;
  } else if (event.key === "o" && at) at.querySelector("h2 a")?.click();
  else if (event.key === "x" && at) tick(at.querySelector("input[name=id]"));
  else if (at && /^[atsbdh]$/.test(event.key) && !event.repeat) {
    const button = at.querySelector(`button[data-key=${event.key}]`);
    if (button) act(button);
  } else return;
  event.preventDefault();
});

document.body.classList.add("keyed");
if (cards().length) go(cards()[0], false);
