// Ideas one after the other: Enter sends, and the line is free for the next one at once. What has not
// arrived yet is kept in the browser, also when the page is closed, and sent again until it has:
// each has a key made here, so that the server keeps it once. Without this file the form is sent.

const AGAIN_AFTER = 4000;

// Browsers give no UUID to pages without https, such as a trial in the local network.
const newKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

for (const form of document.querySelectorAll("form[data-ideas]")) {
  const store = `ideas:${form.dataset.ideas}`;
  const region = document.querySelector(`[data-ideas-list="${form.dataset.ideas}"]`);
  const list = region.querySelector("ul");
  const status = region.querySelector("[role=status]");
  const { text, author_name: author, creation_key: key, organisation } = form.elements;
  let sending = false;
  let timer;
  let unkept = [];

  // Private windows have no store; then the page itself is the memory.
  const waiting = () => {
    try {
      return JSON.parse(localStorage.getItem(store)) || [];
    } catch {
      return unkept;
    }
  };
  const keep = (entries) => {
    unkept = entries;
    try {
      if (entries.length) localStorage.setItem(store, JSON.stringify(entries));
      else localStorage.removeItem(store);
    } catch {
      // See above.
    }
  };
  const without = (entry) => keep(waiting().filter((one) => one.key !== entry.key));

  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button--quiet";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  };

  const post = (fields) => {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return fetch(location.pathname, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "fetch" },
      redirect: "manual",
    });
  };

  const row = (entry) => {
    let item = [...list.children].find((one) => one.dataset.key === entry.key);
    if (!item) {
      item = document.createElement("li");
      item.dataset.key = entry.key;
      list.prepend(item);
    }
    region.hidden = false;
    return item;
  };

  // What is said is what a person needs to know about this idea now.
  const show = (entry, said, state, ...buttons) => {
    const item = row(entry);
    const words = document.createElement("bdi");
    words.textContent = entry.text;
    const note = document.createElement("span");
    note.className = `written__note written__note--${state}`;
    note.textContent = said;
    item.replaceChildren(words, note, ...buttons);
    if (status.textContent !== said) status.textContent = said;
  };

  const change = (entry) => {
    without(entry);
    row(entry).remove();
    text.value = entry.text;
    text.focus();
  };

  const saved = (entry) => {
    without(entry);
    const buttons = [];
    if (form.dataset.takeBack) {
      const takeBack = async () => {
        try {
          const answer = await post({ take_back: entry.key });
          if (answer.status === 204) row(entry).remove();
          else show(entry, (await answer.json()).message, "bad");
        } catch {
          show(entry, form.dataset.failed, "bad");
        }
      };
      buttons.push(button(form.dataset.takeBack, takeBack));
    }
    show(entry, form.dataset.saved, "good", ...buttons);
  };

  const refused = (entry, said) => {
    keep(waiting().map((one) => (one.key === entry.key ? { ...one, refused: said } : one)));
    const again = () => {
      keep(waiting().map((one) => (one.key === entry.key ? { ...one, refused: "" } : one)));
      send();
    };
    const buttons = [button(form.dataset.again, again)];
    if (!form.hidden) buttons.push(button(form.dataset.change, () => change(entry)));
    show(entry, said, "bad", ...buttons);
  };

  const send = async () => {
    clearTimeout(timer);
    if (sending) return;
    sending = true;
    for (;;) {
      const entry = waiting().find((one) => !one.refused);
      if (!entry) break;
      try {
        const answer = await post({
          ...(form.dataset.verb ? { [form.dataset.verb]: "1" } : {}),
          text: entry.text,
          author_name: entry.author,
          organisation: entry.organisation || "",
          creation_key: entry.key,
        });
        if (answer.status === 204) saved(entry);
        else if (answer.status >= 500) throw new Error("later");
        else {
          const is_told = answer.headers.get("Content-Type")?.includes("json");
          refused(entry, is_told ? (await answer.json()).message : form.dataset.failed);
        }
      } catch {
        show(entry, form.dataset.waiting, "waiting");
        timer = setTimeout(send, AGAIN_AFTER);
        break;
      }
    }
    sending = false;
  };

  form.addEventListener("submit", (event) => {
    const typed = text.value.trim();
    if (!typed) return; // the server says what is missing
    event.preventDefault();
    const said = { text: typed, author: author?.value || "", organisation: organisation?.value };
    const entry = { key: newKey(), ...said };
    keep([...waiting(), entry]);
    show(entry, "…", "waiting");
    text.value = "";
    key.value = newKey();
    text.focus();
    send();
  });

  addEventListener("online", send);
  for (const entry of waiting()) {
    if (entry.refused) refused(entry, entry.refused);
    else show(entry, form.dataset.waiting, "waiting");
  }
  send();
}
