// How far the worker is, without loading the page again; when it is done, the page shows the rest.
// Without this file a link on the page does the same.

const SECONDS = 2;

async function look() {
  const shown = document.querySelector("[data-progress='on']");
  if (!shown) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-progress='on']");
    if (!now) {
      location.reload();
      return;
    }
    const [bar, newer] = [shown, now].map((part) => part.querySelector("progress"));
    if (newer.hasAttribute("value")) bar.value = newer.value;
    const [words, newWords] = [shown, now].map((part) => part.querySelector("[data-progress-words]"));
    const text = newWords.textContent.trim();
    if (words.textContent.trim() !== text) words.textContent = text;
  } catch {
    // No network for a moment: the next look may find it again.
  }
  setTimeout(look, SECONDS * 1000);
}

setTimeout(look, SECONDS * 1000);
