// Small comforts on every page; each works without this file.

// After a form came back with errors, reading starts at the summary.
document.querySelector("[data-error-summary]")?.focus();

// <button hidden data-print> and <button hidden data-share> appear only where they can work.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-share]")) {
  const page = { title: document.title, url: button.dataset.share || location.href };
  const say = (text) => {
    const status = button.parentElement.querySelector("[role=status]");
    if (status && text) status.textContent = text;
  };
  if (navigator.share || navigator.clipboard) button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) await navigator.share(page);
      else {
        await navigator.clipboard.writeText(page.url);
        say(button.dataset.copied);
      }
    } catch (error) {
      if (error.name !== "AbortError") say(page.url);
    }
  });
}

// A second click while the first is on its way does not send a form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
