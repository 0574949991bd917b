// Two big buttons beside a small number: fewer, more. Without this file one types it.

for (const input of document.querySelectorAll("input[data-stepper]")) {
  const row = document.createElement("div");
  row.className = "stepper";
  input.replaceWith(row);

  const make = (sign, step) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--secondary stepper__button";
    button.textContent = sign;
    // The keyboard has its arrow keys, and a screen reader its own words for the field.
    button.tabIndex = -1;
    button.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => {
      const number = Number.parseInt(input.value, 10) || 0;
      const least = Number(input.min || 0);
      const most = Number(input.max || Infinity);
      input.value = Math.min(most, Math.max(least, number + step));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return button;
  };

  row.append(make("−", -1), input, make("+", 1));
}
