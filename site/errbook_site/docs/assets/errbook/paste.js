// The box into which people paste what a database, a driver or a log said: errors are marked in the text, entries stand
// beside it. Only files of the site are read, and no request carries anything of the text but the code that was found.
"use strict";

const ebPaste = (box) => {
  const root = box.dataset.root;
  const input = box.querySelector("textarea");
  const shown = box.querySelector("[data-eb-marked]");
  const list = box.querySelector("[data-eb-identified]");
  const said = box.querySelector("[data-eb-said]");
  const titles = { mysql: "MySQL", mariadb: "MariaDB", postgresql: "PostgreSQL", sqlite: "SQLite" };
  let asked = 0, waiting = 0;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  /** Return a paragraph of an entry, whose only markup is `code`. */
  const prose = (text, attributes) => {
    const made = element("p", "", attributes);
    text.split("`").forEach((part, at) => made.append(at % 2 ? element("code", part) : part));
    return made;
  };

  /** Show the text with what was found marked in it; the numbers are those of the list. */
  function mark(text, matches) {
    const spans = matches.map((match, at) => [...match.span, at + 1]).sort((one, other) => one[0] - other[0]);
    shown.replaceChildren();
    let at = 0;
    for (const [start, end, number] of spans) {
      if (start < at) continue;
      shown.append(text.slice(at, start), element("mark", text.slice(start, end), { "data-eb-number": number }));
      at = end;
    }
    shown.append(text.slice(at));
    shown.hidden = !matches.length;
  }

  /** Return a statement with what was filled in marked. */
  function statement({ text, spans }) {
    const made = element("pre");
    const letters = [...text];
    let done = 0;
    for (const [start, end] of spans) {
      const put = element("mark", letters.slice(start, end).join(""), { title: "filled in from your text", "data-eb-filled": "" });
      made.append(letters.slice(done, start).join(""), put);
      done = end;
    }
    made.append(letters.slice(done).join(""));
    return made;
  }

  async function card(match, number) {
    const item = element("li");
    const engine = titles[match.engine] || match.engine;
    const head = element("h3");
    const own = match.engine in titles;
    const address = match.entry ? `${root}${match.entry}/${match.variant ? `#${match.variant}` : ""}` : own ? `${root}search/?q=${encodeURIComponent(`${match.engine} ${match.code.replace(/^MY-0*/, "")}`)}` : null;
    head.append(`${number}. `, address ? element("a", `${engine} ${match.code}`, { href: address }) : `${engine} ${match.code}`);
    if (match.symbol && match.symbol !== match.code) head.append(" ", element("code", match.symbol));
    item.append(head);
    const sure = `${Math.round(match.confidence * 100)} % sure, by ${match.matched_by.join(", ")}`;
    item.append(element("p", sure, { class: "eb-faint" }));
    const values = Object.entries(match.parameters);
    if (values.length) {
      const table = element("dl", "", { class: "eb-paste__values" });
      for (const [name, value] of values) table.append(element("dt", name), element("dd", value));
      item.append(table);
    }
    if (!match.entry) {
      item.append(element("p", own ? "Not written up yet; the link leads to what the server says of it." : "errbook has no entries for this engine."));
      return item;
    }
    try {
      const { error } = await (await fetch(new URL(`${root}api/v1/errors/${match.entry}.json`, location.href))).json();
      item.append(prose(error.title, { class: "eb-paste__title" }), prose(error.summary));
      const part = error.variants.find((variant) => variant.id === match.variant) || error;
      const put = ebIdentify.filled(error, match);
      const cause = put.find((one) => one.part === "cause");
      const fix = put.find((one) => one.part === "fix");
      if (cause) item.append(prose(`Is it cause ${cause.number}? Run`), statement(cause));
      const first = part.fixes[fix ? fix.number - 1 : 0];
      const title = fix && fix.number > 1 ? `Fix ${fix.number}` : "First";
      item.append(prose(`${title}: ${first.title}`), fix ? statement(fix) : element("pre", first.code.text.split("\n").slice(0, 8).join("\n")));
      if (put.length) item.append(element("p", "What is marked was filled in from your text; it never left this page.", { class: "eb-faint" }));
    } catch {
      // The link is enough.
    }
    return item;
  }

  async function identify() {
    const text = input.value;
    const turn = (asked += 1);
    if (!text.trim()) {
      mark("", []);
      list.replaceChildren();
      said.textContent = "";
      return;
    }
    let matches;
    try {
      const identifier = await ebIdentify.load(root);
      matches = await identifier.identify(text.slice(0, 1 << 20));
    } catch {
      if (turn === asked) said.textContent = "The data could not be read; try again when the connection is back.";
      return;
    }
    if (turn !== asked) return;
    mark(text, matches);
    const number = matches.length;
    said.textContent = number ? `${number} ${number === 1 ? "error" : "errors"} found${number > 1 ? ", the root cause first" : ""}.` : "No database error that is known here.";
    const cards = await Promise.all(matches.map((match, at) => card(match, at + 1)));
    if (turn === asked) list.replaceChildren(...cards);
  }

  // Who types goes on typing; what was pasted or dropped is whole.
  input.addEventListener("input", ({ inputType }) => {
    clearTimeout(waiting);
    waiting = setTimeout(identify, inputType === "insertFromPaste" || inputType === "insertFromDrop" ? 0 : 150);
  });
  // The data are read before anything is pasted: at once where pasting is what the page is for, else at the first touch.
  const prepare = () => ebIdentify.load(root).catch(() => {});
  if (box.dataset.ebPaste === "now") prepare();
  else input.addEventListener("focus", prepare, { once: true });
  if (input.value) identify();
};

document.querySelectorAll("[data-eb-paste]").forEach(ebPaste);
