// Saves each section of the minutes a moment after somebody has stopped typing, and shows how it
// will look. Without this file the buttons "Speichern" and "Vorschau" do it.
// What is not saved yet is kept in this browser until it is: nothing typed is lost when the line is
// down, the log-in has ended or the page is closed.

const PAUSE = 1500;
const AGAIN = 10000;

// As the server does: blanks at the ends are no difference.
const tidy = (text) => text.replace(/[ \t]+$/gm, "").trim();

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-status]");
  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };
  const sections = [...form.querySelectorAll("[data-section]")].map((element) => {
    const name = element.dataset.section;
    return {
      name,
      field: form.elements[name],
      state: document.getElementById(`stand-${name}`),
      key: `minutes ${form.dataset.autosave} ${name}`,
      saved: form.elements[name].defaultValue,
      // What stood there when the text was begun; not that of a conflict nobody has decided yet.
      seen: form.elements[`seen-${name}`].value,
      sent: null,
      timer: 0,
      saving: null,
    };
  });

  const seen = (section) => form.elements[`seen-${section.name}`];
  const waits = (section) => section.field.value !== section.saved;
  // Both texts are on the page; the person decides with a button.
  const undecided = (section) => seen(section).hasAttribute("data-conflict");

  const keep = (section) => {
    try {
      if (waits(section)) {
        const kept = { text: section.field.value, seen: section.seen };
        localStorage.setItem(section.key, JSON.stringify(kept));
      } else localStorage.removeItem(section.key);
    } catch {
      // No room, or not allowed: the page still has it.
    }
  };

  const kept = (section) => {
    try {
      return JSON.parse(localStorage.getItem(section.key));
    } catch {
      return null;
    }
  };

  // What was sent without an answer may have arrived: sent along, it is no conflict.
  const mark = (section) => {
    const name = `unconfirmed-${section.name}`;
    form.elements[name]?.remove();
    if (section.sent === null) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value: section.sent });
    form.append(input);
  };

  const later = (section, wait) => {
    clearTimeout(section.timer);
    section.timer = setTimeout(() => save(section), wait);
  };

  const send = async (section) => {
    const text = section.field.value;
    const body = new FormData();
    for (const name of ["csrfmiddlewaretoken", `unconfirmed-${section.name}`])
      if (form.elements[name]) body.set(name, form.elements[name].value);
    body.set("part", section.name);
    body.set(section.name, text);
    body.set(`seen-${section.name}`, seen(section).value);
    section.sent = text;
    let answer;
    try {
      answer = await fetch(form.dataset.autosave, { method: "POST", body, redirect: "manual" });
    } catch {
      mark(section);
      say(form.dataset.offline);
      later(section, AGAIN);
      return;
    }
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      mark(section);
      say(form.dataset.expired);
      return;
    }
    if (![200, 409, 422].includes(answer.status)) {
      mark(section);
      say(form.dataset.offline);
      later(section, AGAIN);
      return;
    }
    section.sent = null;
    mark(section);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    section.state.replaceChildren(...page.body.childNodes);
    section.field.toggleAttribute("aria-invalid", answer.status === 422);
    if (answer.status === 200) {
      section.saved = text;
      section.seen = seen(section).value;
    }
    keep(section);
    if (answer.status !== 200) say(form.dataset.refused);
    else if (sections.every((one) => !waits(one))) say(form.dataset.saved);
    else if (waits(section)) later(section, PAUSE);
  };

  const save = (section) => {
    clearTimeout(section.timer);
    if (section.saving || undecided(section) || !waits(section)) return section.saving;
    section.saving = send(section).finally(() => {
      section.saving = null;
    });
    return section.saving;
  };

  for (const section of sections) {
    const found = kept(section);
    if (found && tidy(found.text) !== tidy(section.field.value)) {
      section.field.value = found.text;
      section.seen = seen(section).value = found.seen;
      say(form.dataset.restored);
      later(section, PAUSE);
    } else keep(section);
    section.field.addEventListener("input", () => {
      keep(section);
      say("");
      later(section, PAUSE);
    });
  }

  addEventListener("online", () => sections.filter(waits).forEach(save));

  // A button sends the whole form: first what is on its way has to arrive, or it would meet itself.
  // Caught on the way down: page.js, on the way up, would take it for sent.
  const after = (event) => {
    for (const section of sections) clearTimeout(section.timer);
    const saving = sections.map((section) => section.saving).filter(Boolean);
    if (event.target !== form || !saving.length) return;
    event.preventDefault();
    event.stopPropagation();
    Promise.allSettled(saving).then(() => form.requestSubmit(event.submitter));
  };
  document.addEventListener("submit", after, { capture: true });

  let leaving = false;
  form.addEventListener("submit", ({ submitter }) => {
    leaving = true;
    // The other text is to stay: this one must not come back.
    const given = sections.find(({ name }) => submitter?.name === "_take" && submitter.value === name);
    if (given) localStorage.removeItem(given.key);
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && sections.some(waits)) event.preventDefault();
  });
}
