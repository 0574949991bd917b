// Who is there, on a tablet with a bad network. What is tapped shows at once, waits in this browser
// until the portal has it, and is sent again until it has; the page says so. What others tap appears.
// Without this file every switch is a form of its own.

const head = document.querySelector("[data-door]");
const texts = head.dataset;
const store = `door:${texts.door}`;
const SECONDS = 5;
const LONGEST_PAUSE = 30;
const MOST_AT_ONCE = 100;

// --- What waits, also after the page was loaded again ---------------------------------------------
// By key: what a line is to say, and when that was tapped.
const waiting = new Map();

try {
  for (const tap of JSON.parse(localStorage.getItem(store) || "[]")) waiting.set(tap.key, tap);
} catch {
  // No storage, or nothing that can be read: taps wait in memory alone.
}

const keep = () => {
  try {
    if (waiting.size) localStorage.setItem(store, JSON.stringify([...waiting.values()]));
    else localStorage.removeItem(store);
  } catch {
    // As above.
  }
};

// --- What the page shows --------------------------------------------------------------------------
const lineOf = (key) => document.querySelector(`[data-line="${CSS.escape(key)}"]`);
const isPresent = (line) => line.dataset.present === "1";
const peopleOf = (line) => Number(line.dataset.people);

const add = (people) => {
  const number = document.querySelector("[data-count] [data-people]");
  number.dataset.people = Number(number.dataset.people) + people;
  number.textContent = number.dataset.people;
};

// Let a line say something else, and the sum above with it.
const show = (line, present, people) => {
  const before = isPresent(line) ? peopleOf(line) : 0;
  line.dataset.present = present ? "1" : "0";
  line.dataset.people = people;
  const button = line.querySelector("[role=switch]");
  button.setAttribute("aria-checked", String(present));
  button.value = present ? "0" : "1";
  const number = line.querySelector("[data-number]");
  if (number) {
    number.textContent = people;
    for (const step of line.querySelectorAll("[data-step]")) {
      const next = people + Number(step.dataset.step);
      step.value = next;
      step.disabled = next < 1;
    }
  }
  add((present ? people : 0) - before);
};

const paint = () => {
  for (const line of document.querySelectorAll("[data-line].is-waiting")) {
    line.classList.toggle("is-waiting", waiting.has(line.dataset.line));
  }
  for (const tap of waiting.values()) {
    const line = lineOf(tap.key) || newLine(tap);
    line.classList.add("is-waiting");
    if (isPresent(line) !== tap.is_present || peopleOf(line) !== tap.people) {
      show(line, tap.is_present, tap.people);
    }
  }
};

// Somebody who is on no list yet; the portal's own line takes its place as soon as it comes.
const newLine = (tap) => {
  const line = document.createElement("li");
  const text = document.createElement("bdi");
  line.className = "door-line door-line--new";
  line.dataset.line = tap.key;
  line.dataset.present = "0";
  line.dataset.people = tap.people;
  const people = tap.people > 1 || !tap.name ? tap.people : "";
  text.textContent = [tap.name, tap.organisation_name, people].filter(Boolean).join(" · ");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "door-switch";
  button.setAttribute("role", "switch");
  button.append(text);
  const sign = document.querySelector(".door-switch__sign");
  if (sign) button.append(sign.cloneNode(true));
  line.append(button);
  let list = document.querySelector("[data-new-lines]");
  if (!list) {
    list = document.createElement("ul");
    list.className = "door-lines";
    list.dataset.newLines = "";
    list.setAttribute("role", "list");
    document.querySelector("[data-groups=expected]").prepend(list);
  }
  list.append(line);
  return line;
};

const say = (text) => {
  const status = head.querySelector("[data-status]");
  if (status.textContent !== text) status.textContent = text;
  head.classList.toggle("is-waiting", waiting.size > 0);
};

const tell = (trouble = "") => {
  if (!waiting.size) say(texts.saved);
  else say([`${texts.waiting} ${waiting.size}.`, trouble].filter(Boolean).join(" "));
};

const refuse = (text) => {
  const place = head.querySelector("[data-refusals]");
  const line = document.createElement("p");
  line.textContent = `${texts.refused} ${text}`;
  place.append(line);
};

// --- Tapping --------------------------------------------------------------------------------------
const tap = (entry) => {
  waiting.set(entry.key, { ...entry, at: Date.now() });
  keep();
  paint();
  tell();
  send();
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-tap], [data-walk-in]")) return;
  const data = new FormData(form, event.submitter);
  if (form.matches("[data-walk-in]")) {
    const people = Number(data.get("people"));
    // What cannot be is for the portal to explain.
    if (!Number.isInteger(people) || people < 1 || people > 500) return;
    event.preventDefault();
    const chosen = form.elements.organisation.selectedOptions[0];
    tap({
      key: data.get("key"),
      is_present: true,
      people,
      name: data.get("name").trim(),
      organisation: data.get("organisation"),
      organisation_name: data.get("organisation") ? chosen.textContent : "",
    });
    form.reset();
    form.elements.key.value = newKey();
    form.elements.name.focus();
    return;
  }
  event.preventDefault();
  for (const key of data.getAll("key")) {
    const line = lineOf(key);
    const people = data.get("people");
    tap({
      key,
      is_present: people !== null || data.get("is_present") === "1",
      people: people === null ? peopleOf(line) : Number(people),
    });
  }
  if (data.getAll("key").length > 1) form.hidden = true;
});

const newKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

// --- Sending --------------------------------------------------------------------------------------
let sending = false;
// Another window may have logged in again: then the forms need its key.
let isStale = false;
let pause = SECONDS;
let timer;

const later = (seconds) => {
  clearTimeout(timer);
  timer = setTimeout(work, seconds * 1000);
};

const send = async () => {
  if (sending) return;
  sending = true;
  const taps = [...waiting.values()].slice(0, MOST_AT_ONCE);
  const now = Date.now();
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("taps", JSON.stringify(taps.map(({ at, ...rest }) => ({ ...rest, age: now - at }))));
  let trouble = "";
  try {
    const answer = await fetch(location.href, { method: "POST", body, redirect: "manual" });
    const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    if (isJson) {
      const said = await answer.json();
      if (said.error) trouble = said.error;
      for (const done of taps) {
        const reason = said.refused?.[done.key];
        if (reason) refuse([done.name, reason].filter(Boolean).join(": "));
        // What was tapped again meanwhile still waits.
        const is_done = reason || said.saved?.includes(done.key);
        if (is_done && waiting.get(done.key)?.at === done.at) waiting.delete(done.key);
      }
      if (!said.error) pause = SECONDS;
    } else {
      isStale = true;
      const isLoggedOut = answer.type === "opaqueredirect" || answer.status < 500;
      trouble = isLoggedOut ? texts.loggedOut : texts.offline;
    }
  } catch {
    trouble = texts.offline;
  }
  sending = false;
  keep();
  paint();
  tell(trouble);
  if (trouble) pause = Math.min(LONGEST_PAUSE, pause * 2);
  later(waiting.size && !trouble ? 0 : pause);
};

// --- What others have tapped ----------------------------------------------------------------------
const look = async () => {
  const address = new URL(location.href);
  if (!isStale) address.searchParams.set("stand", texts.stand);
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-door]");
  if (!fresh) return; // the log-in
  isStale = false;
  texts.stand = fresh.dataset.stand;
  // After a log-in in another window the key of the forms is another one.
  const key = page.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = key;
  for (const line of page.querySelectorAll("[data-line]")) bringIn(line);
  head.querySelector("[data-count]").replaceWith(fresh.querySelector("[data-count]"));
  // The sum is the portal's: what waits here comes on top of it.
  for (const one of waiting.values()) {
    const line = page.querySelector(`[data-line="${CSS.escape(one.key)}"]`);
    const theirs = line && isPresent(line) ? peopleOf(line) : 0;
    add((one.is_present ? one.people : 0) - theirs);
  }
  filter();
};

const bringIn = (line) => {
  const key = line.dataset.line;
  const mine = lineOf(key);
  if (mine && !mine.matches(".door-line--new")) {
    if (!waiting.has(key)) show(mine, isPresent(line), peopleOf(line));
    return;
  }
  const theirs = line.closest("[data-group]");
  const group = document.querySelector(`[data-group="${CSS.escape(theirs.dataset.group)}"]`);
  mine?.remove();
  if (group) group.querySelector("ul").append(line);
  else document.querySelector("[data-groups=expected]").append(theirs);
  document.querySelector("[data-empty]")?.remove();
};

// --- Search as one types --------------------------------------------------------------------------
const input = document.querySelector("[data-filter]");
const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();

const filter = () => {
  const words = plain(input.value).split(/\s+/);
  for (const group of document.querySelectorAll("[data-group]")) {
    const text = plain(group.textContent);
    group.hidden = !words.every((word) => text.includes(word));
  }
};

input.addEventListener("input", filter);

// --- Again and again ------------------------------------------------------------------------------
const work = async () => {
  try {
    if (isStale || (!waiting.size && !document.hidden)) await look();
    if (!waiting.size) pause = SECONDS;
  } catch {
    if (!waiting.size) pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
  if (waiting.size) await send();
  else later(pause);
};

addEventListener("online", () => later(0));
document.addEventListener("visibilitychange", () => document.hidden || later(0));

paint();
tell();
later(waiting.size ? 0 : SECONDS);
