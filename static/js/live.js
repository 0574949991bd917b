// <section data-live="20"> shows what is new every 20 seconds, without loading the page again.
// Without this file one loads the page again.

for (const region of document.querySelectorAll("[data-live]")) {
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { redirect: "error", cache: "no-store" });
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.querySelector("[data-live]");
          if (fresh && fresh.textContent !== region.textContent) {
            region.replaceChildren(...fresh.childNodes);
          }
        }
      } catch {
        // No network for a moment: the next look may find it again.
      }
    }
    setTimeout(look, Number(region.dataset.live) * 1000);
  };
  setTimeout(look, Number(region.dataset.live) * 1000);
}
