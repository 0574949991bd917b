// Saves a decision as soon as it is made. Without this file a button below the list does.

for (const form of document.querySelectorAll("form[data-decisions]")) {
  const status = form.querySelector("[role=status]");
  form.addEventListener("change", async (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== "radio") return;
    const body = new FormData();
    for (const name of ["csrfmiddlewaretoken", "action"]) body.set(name, form.elements[name].value);
    body.set(field.name, field.value);
    const say = (text) => {
      status.textContent = text;
    };
    try {
      const answer = await fetch(location.href, {
        method: "POST",
        body,
        headers: { "X-Requested-With": "fetch" },
        redirect: "manual",
      });
      say(answer.status === 204 ? form.dataset.saved : form.dataset.failed);
    } catch {
      say(form.dataset.failed);
    }
  });
}
