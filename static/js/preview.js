// While a text is typed, show how it will look. Without this file the button "Vorschau" does it.

for (const form of document.querySelectorAll("form[data-preview]")) {
  const region = document.getElementById(form.dataset.preview);
  let timer;
  let running;

  const ask = async () => {
    running?.abort();
    running = new AbortController();
    const data = new FormData(form);
    data.set("_preview", "1");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: data,
        signal: running.signal,
        redirect: "error",
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(form.dataset.preview);
      if (fresh) region.replaceChildren(...fresh.childNodes);
    } catch {
      // Typing went on, or the line is down: the button asks again.
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 600);
  });
}
