// Says in words when a passkey did not work, where allauth's script only writes to the console.
document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-trouble]");
  if (!place) return;
  event.preventDefault();
  place.textContent = place.dataset.text;
});
