// The search box of the front page, the filters of the engine pages, and the suggestions of the page for missing pages.
"use strict";

/** Return the address of the page for an exact code, symbol or SQLSTATE; null when there is none. */
async function shortAddress(root, text) {
  const name = text.trim();
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(name)) return null;
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

async function missing(box) {
  const asked = decodeURIComponent(location.pathname).split("/").filter(Boolean).pop() || "";
  if (!asked) return;
  box.querySelector("input").value = asked;
  const response = await fetch(box.dataset.names);
  if (!response.ok) return;
  const near = nearest(asked.toUpperCase(), await response.json());
  if (!near.length) return;
  const section = box.querySelector("[data-eb-near]");
  for (const [id, title] of near) {
    const link = document.createElement("a");
    link.href = `${box.dataset.root}${id}/`;
    link.textContent = `${id}: ${title}`;
    const item = document.createElement("li");
    item.append(link);
    section.querySelector("ul").append(item);
  }
  section.hidden = false;
}

/** Return up to eight entries whose names share the longest beginning with what was asked. */
function nearest(asked, entries) {
  const shared = (name) => {
    let length = 0;
    while (length < asked.length && length < name.length && asked[length] === name[length]) length += 1;
    return length;
  };
  const scored = entries.map((entry) => [Math.max(...entry[2].map((name) => shared(name.toUpperCase()))), entry]);
  const enough = Math.max(2, Math.ceil(asked.length / 2));
  return scored
    .filter(([score]) => score >= enough)
    .sort((one, other) => other[0] - one[0])
    .slice(0, 8)
    .map(([, entry]) => entry);
}

document.querySelectorAll("[data-md-component=search-query]").forEach((query) =>
  query.addEventListener("input", () => {
    if (query.value.includes('"')) query.value = withoutQuotes(query.value);
  }),
);
document.querySelectorAll("[data-eb-search]").forEach(searchBox);
document.querySelectorAll("[data-eb-filters]").forEach(filters);
document.querySelectorAll("[data-eb-missing]").forEach(missing);
