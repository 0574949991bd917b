// <input type="file" data-max-bytes="…" data-too-large="…"> says at once that a file is too large,
// instead of sending it for minutes first. Without this file the server says so.

for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  const notice = document.createElement("div");
  notice.className = "invalid-feedback";
  notice.setAttribute("role", "alert");
  notice.id = `${input.id}_too_large`;

  const check = () => {
    const tooLarge = [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
    notice.textContent = tooLarge ? input.dataset.tooLarge : "";
    if (tooLarge) input.before(notice);
    else notice.remove();
    input.setAttribute("aria-invalid", String(tooLarge));
    const others = (input.getAttribute("aria-describedby") || "")
      .split(" ")
      .filter((id) => id && id !== notice.id);
    input.setAttribute("aria-describedby", [...others, ...(tooLarge ? [notice.id] : [])].join(" "));
    return !tooLarge;
  };

  input.addEventListener("change", check);
  // Before page.js, which takes what comes through here for sent.
  input.form?.addEventListener("submit", (event) => {
    if (check()) return;
    event.preventDefault();
    input.focus();
  });
}
