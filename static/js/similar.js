// While a name is typed, show the organisations it may mean. Without this file the page after
// sending asks the same.

document.querySelector("[data-focus]")?.focus();

for (const region of document.querySelectorAll("[data-similar]")) {
  const input = document.getElementById(region.dataset.similarFor);
  let timer;
  let running;
  let asked = "";

  const ask = async () => {
    const name = input.value.trim();
    if (name === asked) return;
    asked = name;
    running?.abort();
    if (name.length < 3) {
      region.replaceChildren();
      return;
    }
    running = new AbortController();
    try {
      const address = `${region.dataset.similar}?${new URLSearchParams({ name })}`;
      const answer = await fetch(address, { signal: running.signal, redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = [...page.body.children];
      // Nothing new is not read out again.
      if (region.textContent.trim() !== page.body.textContent.trim()) {
        region.replaceChildren(...found);
      }
    } catch {
      // Typing went on, or the line is down: the page after sending asks again.
    }
  };

  input?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  });
}
