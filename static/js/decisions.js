// Saves a decision as soon as it is made. Without this file a button below the list does.
// One request at a time: who runs through the choices with the arrow keys means the last one.

for (const form of document.querySelectorAll("form[data-decisions]")) {
  const status = form.querySelector("[role=status]");
  const waiting = new Map();
  let saving = null;

  const send = (choices) => {
    const body = new FormData();
    for (const name of ["csrfmiddlewaretoken", "action"]) body.set(name, form.elements[name].value);
    for (const [name, value] of choices) body.set(name, value);
    return fetch(location.href, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "fetch" },
      keepalive: true,
      redirect: "manual",
    });
  };

  const save = async () => {
    let saved = true;
    while (waiting.size) {
      const choices = [...waiting];
      waiting.clear();
      try {
        saved = (await send(choices)).status === 204 && saved;
      } catch {
        saved = false;
      }
    }
    saving = null;
    status.textContent = saved ? form.dataset.saved : form.dataset.failed;
  };

  form.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== "radio") return;
    waiting.set(target.name, target.value);
    status.textContent = "";
    saving ??= save();
  });

  // "Take over" must find what was decided just before. Caught on the way down: page.js, on the way
  // up, would take it for sent.
  const after = (event) => {
    if (!saving) return;
    event.preventDefault();
    saving.then(() => event.target.requestSubmit(event.submitter));
  };
  document.addEventListener("submit", after, { capture: true });

  addEventListener("pagehide", () => {
    if (waiting.size) send(waiting);
  });
}
