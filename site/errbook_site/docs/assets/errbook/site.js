// The search box of the front page, the filters of the engine pages, and the suggestions of the page for missing pages.
"use strict";

/** Return the address of the page, or of the row, for an exact code, symbol or SQLSTATE; null when there is none. */
async function shortAddress(root, text) {
  const name = text.trim();
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(name)) return null;
  const written = await ownAddress(root, name);
  if (written) return written;
  const listed = await ebNames.only(root, name);
  return listed && new URL(root + listed, location.href).href;
}

/** Return the address that a name has for itself; null when there is none. */
async function ownAddress(root, name) {
  for (const spelling of new Set([name, name.toUpperCase(), name.toLowerCase()])) {
    const address = new URL(`${root}${spelling}/`, location.href);
    try {
      const response = await fetch(address, { method: "HEAD", redirect: "manual" });
      if (response.ok) return address.href;
    } catch {
      return null;
    }
  }
  return null;
}

/** In the theme's search, quotes demand an exact phrase; in a pasted message they only stand around a name. */
function withoutQuotes(text) {
  return text.replaceAll('"', " ");
}

/** Put a text into the theme's own search and open it. */
function openSearch(text) {
  const toggle = document.querySelector("[data-md-toggle=search]");
  const query = document.querySelector("[data-md-component=search-query]");
  if (!toggle || !query) return;
  query.value = withoutQuotes(text);
  if (!toggle.checked) toggle.click();
  query.focus();
  query.dispatchEvent(new Event("keyup"));
}

function searchBox(form) {
  const input = form.querySelector("input");
  const root = form.getAttribute("action");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = await shortAddress(root, input.value);
    if (address) location.assign(address);
    else openSearch(input.value);
  });
  const asked = new URL(location.href).searchParams.get("q");
  // The browser's address bar comes here with ?q=: what is an exact name needs no list of results.
  if (asked) shortAddress(root, asked).then((address) => address && location.replace(address));
}

function filters(form) {
  const rows = [...document.querySelectorAll(".eb-index tbody tr")];
  const columns = [...document.querySelectorAll(".eb-index thead th")].map((cell) => cell.textContent.toLowerCase());
  const cells = rows.map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    values: [...row.children].map((cell) => cell.textContent.trim()),
  }));
  const count = form.querySelector("[data-eb-count]");
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text, values } of cells) {
      const fits =
        words.every((word) => text.includes(word)) &&
        columns.every((name, at) => !wanted[name] || values[at] === wanted[name]);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown === rows.length ? `${shown} errors` : `${shown} of ${rows.length} errors`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

/** On the page for missing pages: go to the one row that the address names, or show what it may have meant. */
async function missing(box) {
  const root = box.dataset.root;
  const [asked = "", engine] = decodeURIComponent(location.pathname).split("/").filter(Boolean).reverse();
  if (!asked) return;
  box.querySelector("input").value = asked;
  const engines = new Set((await ebNames.all(root)).map((item) => item.engine));
  const address = await ebNames.only(root, asked, engines.has(engine) ? engine : null);
  if (address) {
    location.replace(new URL(root + address, location.href));
    return;
  }
  const exact = await ebNames.exact(root, asked);
  const near = exact.length ? exact : await ebNames.near(root, asked);
  if (!near.length) return;
  const section = box.querySelector("[data-eb-near]");
  if (exact.length) section.querySelector("h2").textContent = "Which one?";
  for (const item of near.slice(0, 12)) {
    const link = document.createElement("a");
    link.href = root + item.address;
    link.textContent = item.written ? item.title : `${item.title} ${item.about}`.trim();
    const line = document.createElement("li");
    line.append(link, item.text ? ` ${item.text}` : "");
    section.querySelector("ul").append(line);
  }
  section.hidden = false;
}

document.querySelectorAll("[data-md-component=search-query]").forEach((query) =>
  query.addEventListener("input", () => {
    if (query.value.includes('"')) query.value = withoutQuotes(query.value);
  }),
);
document.querySelectorAll("[data-eb-search]").forEach(searchBox);
document.querySelectorAll("[data-eb-filters]").forEach(filters);
document.querySelectorAll("[data-eb-missing]").forEach(missing);
