// Finds codes and entries by name: a number, a symbol, a SQLSTATE, a slip of the pen, or words of a message.
// The data are names.json (entries), codes.json (codes that nobody has written up) and messages.json.
"use strict";

const ebNames = (() => {
  const ENGINES = { mysql: "mysql", mariadb: "mariadb", postgresql: "postgresql", postgres: "postgresql", pg: "postgresql", sqlite: "sqlite" };
  const OWNERS = [
    [/\b(?:os error|os errno|errno|errcode|os)\b/i, "os"],
    [/\b(?:storage engine|handler)\b/i, "handler"],
    [/\binnodb\b/i, "innodb"],
  ];
  const files = new Map();

  /** Read a JSON file of the site once; what could not be read is an empty list, and asked for again next time. */
  function read(root, file) {
    const address = new URL(root + file, location.href).href;
    if (!files.has(address)) {
      const found = fetch(address).then((response) => (response.ok ? response.json() : []));
      files.set(address, found.catch(() => (files.delete(address), [])));
    }
    return files.get(address);
  }

  /** Return every entry and code with the names that it is called by, in the order of the files. */
  async function all(root) {
    const [entries, groups] = await Promise.all([read(root, "names.json"), read(root, "codes.json")]);
    const key = `${root} items`;
    if (files.has(key)) return files.get(key);
    const titles = Object.fromEntries(groups.map((group) => [group.engine, group.title]));
    const items = entries.map(([id, title, names, said = []]) => {
      const [engine, code] = id.split("/");
      return { address: `${id}/`, engine, title: `${titles[engine] || engine} ${code}: ${title}`, about: names.join(" "), text: "", code, names: names.map((name) => name.toUpperCase()), said: [title, ...said], written: true };
    });
    for (const group of groups) {
      if (group.engine === "sqlstate") {
        const name = group.page.split("/")[1];
        items.push({ address: group.page, engine: "sqlstate", title: `SQLSTATE class ${name}`, about: "", text: group.about, code: name, names: [name] });
      }
      for (const [code, names, text, same] of group.rows) {
        const owner = group.engine === "system" ? group.page.split("/")[1] : group.engine;
        items.push({ address: `${group.page}#${code}`, engine: owner, title: `${group.title} ${code}`, about: names, text: text || group.about || "", code, names: [code, ...names.toUpperCase().split(" ")].filter(Boolean), same: Boolean(same) });
      }
    }
    if (entries.length || groups.length) files.set(key, items);
    return items;
  }

  /** Return the engine, or the owner of a number, that a text names; null where it names none. */
  function engineOf(text) {
    const word = text.toLowerCase().match(/[a-z]+/g)?.find((part) => part in ENGINES);
    return word ? ENGINES[word] : OWNERS.find(([pattern]) => pattern.test(text))?.[1] || null;
  }

  /** Return the names in a text: numbers, symbols and SQLSTATEs; a small number counts only where it cannot be chance. */
  function namesIn(text) {
    // A client prints the SQLSTATE in parentheses behind the number, which says more: ERROR 1040 (08004).
    const told = text.toUpperCase().replace(/(\d\s*)\([0-9A-Z]{5}\)/g, "$1");
    const words = told.match(/[A-Z0-9_]+(?:-\d+)?/g) || [];
    const names = words.map((word) => word.replace(/^MY-0*(\d+)$/, "$1"));
    if (names.length === 1) return names;
    return names.filter((name, at) => /^\d{4,}$|^(?=.*\d)[0-9A-Z]{5}$|_/.test(name) || (/^\d+$/.test(name) && (names.length === 2 || /^(ERROR|ERRNO|ERRCODE|CODE|NUMBER)$/.test(names[at - 1] || ""))));
  }

  /** Return what a text names exactly, entries first; those of the engine it names, where it names one. */
  async function exact(root, text) {
    const names = namesIn(text.trim());
    if (!names.length || names.length > 6) return [];
    const found = (await all(root)).filter((item) => item.names.some((name) => names.includes(name)));
    const engine = names.length > 1 || /\s|\//.test(text.trim()) ? engineOf(text) : null;
    const rank = (item) => (item.written ? 0 : names.includes(item.code) ? 1 : 2);
    const own = engine ? found.filter((item) => item.engine === engine || (item.written && engine in ENGINES)) : [];
    return (own.length ? own : found).sort((one, other) => rank(one) - rank(other));
  }

  /** Return the address that a text leads to without a choice; null where there is none or a choice. */
  async function only(root, text, engine) {
    let found = await exact(root, text);
    if (engine) found = found.filter((item) => item.engine === engine);
    const [first, ...others] = found;
    return first && others.every((item) => item.same || item.engine === "sqlstate") ? first.address : null;
  }

  const grams = (text) => {
    const found = new Set();
    for (let at = 0; at + 3 <= text.length; at += 1) found.add(text.slice(at, at + 3));
    return [...found];
  };

  /** Tell whether two numbers differ in one digit: another one, one too many, one too few. */
  function oneOff(one, other) {
    if (one.length < other.length) return oneOff(other, one);
    if (one.length - other.length > 1) return false;
    let at = 0;
    while (at < other.length && one[at] === other[at]) at += 1;
    return one.slice(at + 1) === other.slice(one.length === other.length ? at + 1 : at);
  }

  /** Return what is called nearly like one name, the nearest first. */
  async function near(root, text, limit = 8) {
    const asked = text.trim().toUpperCase().replaceAll("-", "_");
    if (!/^[A-Z0-9_]{3,80}$/.test(asked)) return [];
    const items = await all(root);
    if (/^\d+$/.test(asked)) return items.filter((item) => /^\d+$/.test(item.code) && oneOff(asked, item.code)).slice(0, limit);
    const parts = grams(asked);
    const scored = [];
    for (const item of items) {
      let best = 0;
      for (const name of item.names) {
        if (Math.abs(name.length - asked.length) > asked.length / 2) continue;
        const hits = parts.filter((part) => name.includes(part)).length;
        best = Math.max(best, (2 * hits) / (parts.length + Math.max(1, name.length - 2)));
      }
      if (best >= 0.55) scored.push([best, item]);
    }
    return scored.sort((one, other) => other[0] - one[0]).slice(0, limit).map(([, item]) => item);
  }

  /** Return the words in a text that a message may hold. */
  const wordsIn = (text) => [...new Set(text.toLowerCase().match(/[a-z_]{3,}/g) || [])];

  /** Return a text as words alone, without what a server fills in, so that a piece of it can be found. */
  const bare = (text) => ` ${(text.toLowerCase().replace(/%(?:\d+\$)?[-+ #0'.*\d]*(?:hh?|ll?|[qjzt])?[a-z]/g, " ").match(/[\p{L}\p{N}_]+/gu) || []).join(" ")}`;

  /** Tell whether a message holds a text of two or more words as it stands; the last word may be a beginning. */
  const says = (message, text) => /\S \S/.test(bare(text).trim()) && bare(message).includes(bare(text));

  /** Return the entries whose title or message holds a text as it stands, those that say little else first. */
  async function saying(root, text, limit = 5) {
    const scored = [];
    for (const item of await all(root)) {
      const fitting = (item.written ? item.said : []).filter((message) => says(message, text)).map((message) => message.length);
      if (fitting.length) scored.push([Math.min(...fitting), item]);
    }
    return scored.sort((one, other) => one[0] - other[0]).slice(0, limit).map(([, item]) => item);
  }

  /** Return codes whose messages hold the words of a text, those that hold them as they stand, then most of them, first. */
  async function worded(root, text, limit = 8) {
    const words = wordsIn(text);
    if (words.length < 2) return [];
    const [items, more] = await Promise.all([all(root), read(root, "messages.json")]);
    const enough = Math.max(2, Math.ceil(words.length * 0.6));
    const scored = [];
    const weigh = (found, message) => {
      const low = message.toLowerCase();
      const hits = words.filter((word) => low.includes(word)).length;
      if (hits >= enough) scored.push([hits + (says(message, text) ? words.length : 0) - low.length / 1000, found, message]);
    };
    for (const item of items) if (item.text && !item.same) weigh(item, item.text);
    for (const group of more) {
      const found = { address: group.page, title: group.title, about: "", code: "" };
      for (const message of group.texts) weigh(found, message);
    }
    scored.sort((one, other) => other[0] - one[0]);
    return scored.slice(0, limit).map(([, item, message]) => ({ ...item, text: message }));
  }

  return { all, exact, near, only, says, worded, words: wordsIn, saying };
})();

/** Put an item into a list of the theme's search, in the theme's own words. */
function foundItem(root, item, score) {
  const make = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });
  const line = make("li", "md-search-result__item");
  const link = make("a", "md-search-result__link");
  link.href = new URL(root + item.address, location.href).href;
  link.tabIndex = -1;
  const article = make("article", "md-search-result__article md-typeset");
  // The theme follows the link with the highest score when Enter is pressed.
  article.dataset.mdScore = score;
  article.append(make("h2", "", item.title));
  const names = make("nav", "md-tags");
  for (const name of item.about.split(" ").filter(Boolean).slice(0, 3)) names.append(make("span", "md-tag", name), " ");
  if (item.text) article.append(make("p", "eb-found__text", item.text));
  if (names.childElementCount) article.append(names);
  link.append(article);
  line.append(link);
  return line;
}

/** Show beside the theme's results what a text names, and what comes near to it. */
function codesInSearch(box) {
  const root = box.dataset.ebFound;
  const query = document.querySelector("[data-md-component=search-query]");
  const theme = box.nextElementSibling;
  const shown = new Set();
  let named = false;
  let said = false;
  let words = [];
  const arrange = () => {
    // A name comes before everything, and a message that is the text itself before entries with its words. Other words
    // of a message come after an entry that holds them all.
    const best = theme.firstElementChild?.textContent.toLowerCase() || "";
    if (named || said || (words.length && !words.every((word) => best.includes(word)))) theme.before(box);
    else theme.after(box);
    for (const link of theme.querySelectorAll(".md-search-result__link")) {
      link.closest("li").hidden = shown.has(link.href.replace(/[?#].*$/, ""));
    }
  };
  new MutationObserver(arrange).observe(theme, { childList: true });
  let asked = "";
  const look = async () => {
    const text = query.value;
    if (text === asked) return;
    asked = text;
    const exact = text.trim() ? await ebNames.exact(root, text) : [];
    // What is written up the theme finds by itself; it stands here only to come before its namesakes.
    const several = exact.some((item) => !item.written) ? exact.slice(0, 12) : [];
    const more = exact.length || text.trim().length < 5 ? [] : await ebNames.near(root, text);
    const worded = await ebNames.worded(root, text);
    // The theme ranks by words, so that an entry with one of them in its title may come before the one that says it all.
    const written = exact.length ? [] : await ebNames.saying(root, text);
    if (text !== query.value) return;
    shown.clear();
    const first = several.length ? several : written.length ? written : more;
    for (const item of first) if (item.written) shown.add(new URL(root + item.address, location.href).href);
    const known = new Set(first.map((item) => item.address));
    const after = worded.filter((item) => !known.has(item.address));
    named = first.length > 0;
    said = after.length > 0 && ebNames.says(after[0].text, text);
    words = after.length ? ebNames.words(text) : [];
    box.replaceChildren(...first.map((item, at) => foundItem(root, item, 1e9 - at)), ...after.map((item) => foundItem(root, item, 0)));
    box.hidden = !box.childElementCount;
    arrange();
  };
  for (const event of ["input", "keyup", "focus"]) query.addEventListener(event, look);
  query.form.addEventListener("reset", () => setTimeout(look));
}

document.querySelectorAll("[data-eb-found]").forEach(codesInSearch);
