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

// A double click does not send a form twice. (The server would notice; the person need not.)
document.addEventListener("submit", (event) => {
  const { dataset } = event.target;
  if (event.target.getAttribute("method") !== "post" || event.defaultPrevented) return;
  if (Date.now() - dataset.sent < 3000) event.preventDefault();
  else dataset.sent = Date.now();
});
