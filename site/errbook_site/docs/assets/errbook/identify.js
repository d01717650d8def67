// Finds the database errors in any text, in the browser: nothing of the text goes anywhere. It is the algorithm of the
// Python package errbook.identifier, module by module, over the same data (errbook.identifier.dataset says its format).
"use strict";

const ebIdentify = (() => {
  const FILLER = "\u2060";
  const UNSEEN = "\xad\u200b\u200c\u200d\ufeff";
  // Only from the first of many backslashes: from each, a row of them would take time in proportion to its square.
  const ESCAPE = /(?<!\\)\\+(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrtfbv](?=[^a-z]|[A-Z]|$)|[nrt])|&#x?[0-9a-fA-F]{1,6};|&[a-zA-Z]{2,6};|\x1b\[[0-9;]{0,16}[A-Za-z]|%(?:2[0-9A-Fa-f]|0[AaDd])|[\xad\u200b\u200c\u200d\ufeff]/g;
  const CJK = "\u2e80-\u30ff\u3130-\u318f\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f";
  const WORD = new RegExp(`[${CJK}]|(?:(?![${CJK}])[\\p{L}\\p{N}_\u2060])+`, "gu");
  const LETTER = /^[\p{L}\p{N}]$/u;

  /** Return a text of the same length in which escapes are what they stand for, or blank. */
  function fold(text) {
    return text.replace(ESCAPE, (found) => {
      if (UNSEEN.includes(found)) return FILLER;
      const digits = found.replace(/^\\+/, "");
      if (found[0] === "\\" && (digits[0] === "u" || digits[0] === "x")) {
        const letter = String.fromCharCode(parseInt(digits.slice(1), 16));
        if (LETTER.test(letter)) return letter + FILLER.repeat(found.length - 1);
      }
      return " ".repeat(found.length);
    });
  }

  /** Return the words of a folded text, and where each begins and ends. */
  function split(text) {
    const words = [], starts = [], ends = [];
    for (const match of text.matchAll(WORD)) {
      let word = match[0];
      if (word.includes(FILLER)) {
        word = word.replaceAll(FILLER, "");
        if (!word) continue;
      }
      words.push(word.toLowerCase());
      starts.push(match.index);
      ends.push(match.index + match[0].length);
    }
    return { words, starts, ends };
  }

  // Messages

  const MOST_BETWEEN = 24, FREE = 6, PRICE = 0.4;

  class Messages {
    constructor(lines, flags = "") {
      this.lines = lines;
      this.flags = flags;
      this.ready = new Map();
      this.filed = new Map();
      // Of each line only what it is filed under is cut out: there are ten thousand, and someone waits.
      lines.forEach((line, number) => {
        const tab = line.indexOf("\t") + 1;
        let from = line.lastIndexOf("\t") + 1;
        for (let left = Number(line.slice(tab, line.indexOf("\t", tab))) + (line[from] === "*" ? 1 : 0); left; left -= 1) from = line.indexOf(" ", from) + 1;
        let to = line.indexOf(" ", from);
        if (to >= 0 && line[to + 1] !== "*") to = line.indexOf(" ", to + 1);
        const key = to < 0 ? line.slice(from) : line.slice(from, to);
        const there = this.filed.get(key);
        if (there === undefined) this.filed.set(key, number);
        else if (typeof there === "number") this.filed.set(key, [there, number]);
        else there.push(number);
      });
    }

    find(words) {
      const found = [];
      let before = "";
      words.forEach((word, at) => {
        for (const [key, place] of [[`${before} ${word}`, at - 1], [word, at]]) {
          const filed = this.filed.get(key);
          if (filed === undefined) continue;
          for (const number of typeof filed === "number" ? [filed] : filed) {
            const message = this.ready.get(number) || this.read(number);
            const hit = check(message, words, place);
            if (hit) found.push(hit);
          }
        }
        before = word;
      });
      return found;
    }

    read(number) {
      const [bits, anchor, flags, refs, text] = this.lines[number].split("\t");
      const words = text.split(" ");
      const first = words[0][0] === "*" ? 1 : 0;
      const last = words.length - 1 - (words[words.length - 1][0] === "*" ? 1 : 0);
      const made = { bits: Number(bits), flags: flags + this.flags, refs: refs.split(","), words, first, last, anchor: Number(anchor) + first };
      this.ready.set(number, made);
      return made;
    }
  }

  function same(text, at, run) {
    for (let index = 0; index < run.length; index += 1) if (text[at + index] !== run[index]) return false;
    return true;
  }

  function check(message, text, at) {
    const { words } = message;
    const gaps = [];
    let place = message.anchor, start = at;
    while (place > message.first) {
      place -= 1;
      const word = words[place];
      if (word[0] === "*") {
        let head = place - 1;
        while (head > message.first && words[head - 1][0] !== "*") head -= 1;
        const run = words.slice(head, place);
        const begin = runBefore(text, start, run);
        if (begin < 0) return null;
        gaps.push([word.slice(1), begin + place - head, start]);
        start = begin;
        place = head;
      } else {
        start -= 1;
        if (start < 0 || text[start] !== word) return null;
      }
    }
    place = message.anchor;
    let end = at + 1;
    while (place < message.last) {
      place += 1;
      const word = words[place];
      if (word[0] === "*") {
        let tail = place + 1;
        while (tail <= message.last && words[tail][0] !== "*") tail += 1;
        const begin = runAfter(text, end, words.slice(place + 1, tail));
        if (begin < 0) return null;
        gaps.push([word.slice(1), end, begin]);
        end = begin + tail - place - 1;
        place = tail - 1;
      } else {
        if (end >= text.length || text[end] !== word) return null;
        end += 1;
      }
    }
    let held = 0;
    for (const [, since, to] of gaps) held += to - since;
    return { message, bits: message.bits - PRICE * Math.max(0, held - FREE), start, end, gaps };
  }

  function runBefore(text, end, run) {
    const last = run[run.length - 1];
    for (let at = end - 1; at > Math.max(-1, end - 2 - MOST_BETWEEN); at -= 1) {
      const begin = at - run.length + 1;
      if (text[at] === last && begin >= 0 && same(text, begin, run)) return begin;
    }
    return -1;
  }

  function runAfter(text, start, run) {
    const stop = Math.min(text.length, start + MOST_BETWEEN + 1);
    for (let at = start; at < stop; at += 1) if (text[at] === run[0] && same(text, at, run)) return at;
    return -1;
  }

  // Dialects

  function dialects(table) {
    return table.map((item) => ({ ...item, expression: new RegExp(item.pattern, item.exact ? "gm" : "gim") }));
  }

  function printed(table, text) {
    const lowered = text.toLowerCase();
    const found = [];
    for (const item of table) {
      if (!item.needs.some((need) => lowered.includes(need))) continue;
      for (const match of text.matchAll(item.expression)) {
        const groups = {};
        for (const [name, value] of Object.entries(match.groups || {})) if (value) groups[name.replace(/[23]+$/, "")] = value;
        const postgresql = item.engine === "postgresql";
        found.push({
          engine: item.engine,
          code: !postgresql && item.is ? item.is : groups.code || null,
          state: (item.is || groups.state || "").toUpperCase() || null,
          exception: groups.class || null,
          weight: item.weight,
          start: match.index,
          end: match.index + match[0].length,
          root: Boolean(item.root),
          hinted: Boolean(item.hinted),
          weak: Boolean(item.weak),
        });
      }
    }
    return found;
  }

  // Judge

  const SURE = 0.6, TOP = 0.99, LEAST = 0.5, MOST = 8;
  const GENERAL = new Set(["b1105", "b1030", "m1105", "a1105", "m10584", "b1201", "b1218", "p25P02", "p08006", "p08001", "b1317", "m3011"]);

  function judge(hits, codes) {
    const state = (ref) => codes.get(ref)?.sqlstate || "";
    const said = new Set(), states = new Set();
    for (const hit of hits) {
      if (["code", "symbol", "exception"].includes(hit.kind)) hit.refs.forEach((ref) => said.add(ref));
      if (hit.kind === "sqlstate") hit.refs.forEach((ref) => states.add(ref.slice(1)));
    }
    const choice = (refs) => refs.find((ref) => said.has(ref)) || refs.find((ref) => states.has(state(ref))) || refs[0];
    const groups = new Map();
    for (const hit of hits) {
      if (hit.kind === "sqlstate") continue;
      const ref = choice(hit.refs);
      if (groups.has(ref)) groups.get(ref).push(hit);
      else groups.set(ref, [hit]);
    }
    for (const ref of [...groups.keys()]) {
      if (!/^s\d+$/.test(ref) || Number(ref.slice(1)) <= 255) continue;
      const primary = `s${Number(ref.slice(1)) & 255}`;
      if (groups.has(primary) && primary !== ref) {
        groups.set(ref, [...groups.get(ref), ...groups.get(primary)]);
        groups.delete(primary);
      }
    }
    const found = [];
    for (const [ref, items] of groups) {
      const best = new Map();
      for (const hit of items) {
        const kept = best.get(hit.kind);
        if (!kept || hit.weight > kept.weight || (hit.weight === kept.weight && hit.start < kept.start)) best.set(hit.kind, hit);
      }
      let doubt = 1;
      for (const hit of best.values()) doubt *= 1 - hit.weight;
      const kinds = new Set(best.keys());
      if (state(ref) && states.has(state(ref))) {
        doubt *= 0.7;
        kinds.add("sqlstate");
      }
      const confidence = Math.min(TOP, Math.floor((1 - doubt) * 1000 + 0.5) / 1000);
      if (confidence < LEAST) continue;
      const more = (one, other) => Number(one.kind === "message") - Number(other.kind === "message") || one.weight - other.weight || other.start - one.start;
      const shown = items.reduce((kept, hit) => (more(hit, kept) > 0 ? hit : kept));
      const first = Math.min(...items.map((hit) => hit.start));
      const order = [items.some((hit) => hit.root) ? 0 : 1, confidence < SURE ? 1 : 0, GENERAL.has(ref) || ref.startsWith("p01") ? 1 : 0, first];
      found.push({ order, ref, confidence, matched_by: [...kinds].sort(), span: [shown.start, shown.end], parameters: shown.parameters || [], variant: shown.variant || null });
    }
    // A SQLSTATE alone speaks for no error of PostgreSQL where an error of MySQL beside it has it, too.
    const shared = new Set(found.filter((item) => "bma".includes(item.ref[0]) && item.confidence >= SURE).map((item) => state(item.ref)));
    const anyones = new Set(hits.filter((hit) => hit.kind === "sqlstate").flatMap((hit) => hit.refs.map((ref) => `${ref.slice(1)} ${hit.start}`)));
    const left = found.filter(({ ref }) => {
      const own = ref.slice(1);
      return ref[0] !== "p" || !shared.has(own) || !groups.get(ref).every((hit) => anyones.has(`${own} ${hit.start}`));
    });
    left.sort((one, other) => {
      for (let at = 0; at < 4; at += 1) if (one.order[at] !== other.order[at]) return one.order[at] - other.order[at];
      return one.ref < other.ref ? -1 : 1;
    });
    return left.slice(0, MOST);
  }

  // Identifier

  const ENGINES = { m: "mysql", b: "mysql", a: "mariadb", p: "postgresql", s: "sqlite" };
  const OWN = new Set(["mysql", "mariadb", "postgresql", "sqlite"]);
  const MY = ["mysql", "mariadb"];
  const ERRORS = ["error", "fatal", "panic", "exception", "fail", "errno", "sqlstate", "err:", "denied"];
  const CLEAN_BEFORE = new Set(":'\"([>\u00ab\u201e\u201c`*|-;,=]");
  const CLEAN_AFTER = new Set(".'\")],;\u00bb\u201d`<}\\|(");
  // Gaps at the end that hold a number: a wrapper's words go on behind it.
  const NUMBERS = new Set(["*row", "*line", "*limit", "*number", "*errno", "*port"]);
  const BLANKS = " \t\r\n\u00a0\u202f";
  const QUOTES = "'\"`\u00ab\u00bb\u201e\u201c\u201d\u2018\u2019\u300c\u300d\\";
  const SYMBOL = /^(?:er|cr|warn|sqlite|ee|ha_err)_[\p{L}\p{N}_]+$/u;
  const OTHERS = new Set(["syntaxerror", "systemerror", "ioerror", "internalerror", "dataexception", "connectionexception", "diskfull", "indexcorrupted", "configfileerror", "invalidname", "invalidpassword", "warning", "outofmemory", "assertfailure", "divisionbyzero"]);
  const QUIET = /\[(?:Note|System|Warning)\]|\b(?:LOG|DEBUG\d?|NOTICE|INFO|STATEMENT|CONTEXT|HINT|DETAIL): {1,2}/;
  const OTHER_ERRORS = /(?:zerodivision|divisionbyzero|attribute|arithmetic|type|key|name|index|value|reference)(?:error|exception)/;
  const FOLLOWS = /^[ \t:?!,;(-]{1,4}(?!at\b|in \/|line\b|\(SQL|\[SQL|SQLSTATE|\d)[A-Za-z]/;
  const SHORT = 80, WEAK = 0.5, PLAIN = 24, NEVER = 100;
  const FEW = 2, BITS = 8, HALF = 6, BEST = 0.95;

  const engineOf = (ref) => (ref.includes("/") ? ref.split("/")[0] : ENGINES[ref[0]]);
  const upper = (text) => text === text.toUpperCase() && text !== text.toLowerCase();
  const lower = (text) => text === text.toLowerCase() && text !== text.toUpperCase();

  /** What is known of references, read when it is asked for. */
  class Codes {
    constructor() {
      this.lines = new Map();
    }

    add(ref, line) {
      this.lines.set(ref, line);
    }

    has(ref) {
      return this.lines.has(ref);
    }

    get(ref) {
      const line = this.lines.get(ref);
      if (line === undefined) return undefined;
      const [, symbol, sqlstate, entry] = line.split("\t");
      return { symbol: symbol || null, sqlstate: sqlstate || null, entry: entry || null };
    }
  }

  class Identifier {
    /** `base` is the part of that name; `part` gives another one by its name, as a promise. */
    constructor(base, part) {
      this.part = part;
      const end = base.indexOf("\n");
      const about = JSON.parse(base.slice(0, end));
      if (about.format !== 2) throw new Error(`data of format ${about.format}`);
      const lines = base.slice(end + 1).split("\n");
      this.codes = new Codes();
      this.symbols = new Map();
      this.classes = new Map();
      this.variants = new Map();
      for (let at = 0; at < about.codes; at += 1) {
        const line = lines[at];
        const tab = line.indexOf("\t");
        const ref = line.slice(0, tab);
        const symbol = line.slice(tab + 1, line.indexOf("\t", tab + 1));
        this.codes.add(ref, line);
        if (symbol) {
          const low = symbol.toLowerCase();
          if (!this.symbols.has(low)) this.symbols.set(low, ref);
          if (ref[0] === "p") {
            const name = low.replaceAll("_", "");
            if (!this.classes.has(name)) this.classes.set(name, ref);
          }
        }
        // Few have other symbols or variants.
        if (line.endsWith("\t\t")) continue;
        const [, , , , others, variants] = line.split("\t");
        for (const variant of variants ? variants.split(";") : []) {
          const place = variant.indexOf(":");
          this.variants.set(`${ref} ${variant.slice(place + 1)}`, variant.slice(0, place));
        }
        for (const name of others.toLowerCase().split(" ")) if (name && !this.symbols.has(name)) this.symbols.set(name, ref);
      }
      this.messages = new Messages(lines.slice(about.codes));
      this.dialects = dialects(about.dialects);
      this.exact = new Map();
      this.prefixes = [];
      for (const [engine, names] of Object.entries(about.hints)) {
        for (const name of names) {
          if (name.endsWith("*")) this.prefixes.push([name.slice(0, -1), engine]);
          else this.exact.set(name, [...(this.exact.get(name) || []), engine]);
        }
      }
      this.errno = Object.entries(about.errno).map(([text, code]) => [text.split(" "), `p${code}`]);
      this.telling = new Map();
      for (const [name, text] of Object.entries(about.languages)) {
        for (const word of text.split(" ")) this.telling.set(word, [...(this.telling.get(word) || []), name]);
      }
      this.languages = new Map();
    }

    /** Return the errors in a text, the root cause first. */
    async identify(text) {
      const folded = fold(text);
      const { words, starts, ends } = split(folded);
      const hints = this.hinted(words);
      const codes = printed(this.dialects, folded);
      // The form in which a driver prints SQLite's codes names it.
      if (!hints.size && codes.some((code) => code.engine === "sqlite")) hints.add("sqlite");
      const ours = new Set(codes.filter((code) => code.state && code.code && this.my(code.code, hints)).map((code) => code.state));
      let hits = [];
      const foreign = [];
      for (const code of codes) {
        if (!code.code && ours.has(code.state)) continue;
        for (const hit of this.code(code, hints)) {
          hits.push(hit);
          if (hit.refs[0].includes("/")) foreign.push(line(folded, code.start));
        }
      }
      hits.push(...this.named(folded, words, starts, ends, hints));
      const messages = this.messages.find(words);
      for (const name of this.spoken(words)) {
        if (!this.languages.has(name)) this.languages.set(name, new Messages((await this.part(name)).split("\n"), "t"));
        messages.push(...this.languages.get(name).find(words));
      }
      hits.push(...this.said(messages, folded, words, starts, ends, hints));
      if (foreign.length) hits = hits.filter((hit) => hit.refs[0].includes("/") || !foreign.some(([since, to]) => since <= hit.start && hit.start < to));
      return judge(hits, this.codes).map((match) => this.shown(match, hints.has("mariadb")));
    }

    shown({ ref, confidence, matched_by, span, parameters, variant }, mariadb) {
      const known = this.codes.get(ref) || { symbol: null, sqlstate: null, entry: null };
      let engine, code;
      if (ref.includes("/")) {
        engine = ref.slice(0, ref.indexOf("/"));
        code = ref.slice(ref.indexOf("/") + 1);
      } else {
        code = ref.slice(1);
        engine = ref[0] === "b" && mariadb ? "mariadb" : ENGINES[ref[0]];
        if (ref[0] === "s") code = known.symbol || code;
        else if (engine === "mysql" && /^\d+$/.test(code) && Number(code) >= 10000) code = `MY-${code.padStart(6, "0")}`;
      }
      return { engine, code, sqlstate: known.sqlstate, symbol: known.symbol, confidence, matched_by, span, parameters: Object.fromEntries(parameters), entry: known.entry, variant };
    }

    hinted(words) {
      const hints = new Set();
      for (const word of new Set(words)) {
        (this.exact.get(word) || []).forEach((engine) => hints.add(engine));
        for (const [prefix, engine] of this.prefixes) if (word.startsWith(prefix)) hints.add(engine);
      }
      return hints;
    }

    spoken(words) {
      const count = new Map();
      for (const word of new Set(words)) for (const name of this.telling.get(word) || []) count.set(name, (count.get(name) || 0) + 1);
      const best = [...count].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, 2);
      return best.filter(([, number]) => number >= FEW).map(([name]) => name);
    }

    my(number, hints) {
      const bare = number.replace(/^0+/, "");
      if (this.codes.has(`b${bare}`)) return `b${bare}`;
      const order = hints.has("mariadb") ? ["a", "m"] : ["m", "a"];
      return order.map((letter) => letter + bare).find((ref) => this.codes.has(ref)) || null;
    }

    code(code, hints) {
      const { start, end } = code;
      let { weight } = code;
      if (!OWN.has(code.engine) && code.engine !== "my" && code.engine !== "any") {
        return [{ kind: "code", refs: [`${code.engine}/${(code.code || "").toUpperCase()}`], weight, start, end }];
      }
      const made = [];
      const ours = MY.some((name) => hints.has(name));
      if (code.weak && !(code.engine === "my" ? ours : hints.has(code.engine)) && !(code.code && code.state)) weight *= WEAK;
      if (code.engine === "my" || (code.engine === "any" && code.code && code.code.length > 3)) {
        const ref = this.my(code.code || "", hints);
        if (ref && (ours || !code.hinted)) made.push({ kind: "code", refs: [ref], weight, start, end, root: code.root });
      } else if (code.engine === "sqlite" || (code.engine === "any" && code.code && code.code !== "7")) {
        const ref = `s${Number(code.code || 0)}`;
        if (this.codes.has(ref)) made.push({ kind: "code", refs: [ref], weight: code.weight, start, end });
      } else if (code.exception) {
        const ref = this.classes.get(code.exception.toLowerCase());
        if (ref && (hints.has("postgresql") || !code.hinted)) made.push({ kind: "exception", refs: [ref], weight: code.weight, start, end });
      } else if (code.state) {
        const open = code.engine === "any" && !hints.has("postgresql");
        if (this.codes.has(`p${code.state}`) && !(open && (ours || code.state.endsWith("000")))) {
          made.push({ kind: "code", refs: [`p${code.state}`], weight: weight - 0.25 * (open ? 1 : 0), start, end, root: code.root });
        }
      }
      if (code.state && code.engine !== "postgresql") made.push({ kind: "sqlstate", refs: [`=${code.state}`], weight: code.weight, start, end });
      return made;
    }

    named(folded, words, starts, ends, hints) {
      const hits = [];
      words.forEach((word, at) => {
        const start = starts[at], end = ends[at];
        const shown = folded.slice(start, end);
        if (!word.includes("_")) {
          const name = !this.classes.has(word) && word.endsWith("error") ? word.slice(0, -5) : word;
          if (name.length > 8 && this.classes.has(name) && upper(folded[start]) && !upper(shown)) {
            let weight = hints.has("postgresql") ? 0.75 : 0.6;
            if (OTHERS.has(name)) weight = hints.has("postgresql") ? 0.55 : 0;
            if (weight) hits.push({ kind: "exception", refs: [this.classes.get(name)], weight, start, end });
          }
          return;
        }
        const ref = this.symbols.get(word);
        if (!ref) return;
        if (SYMBOL.test(word)) hits.push({ kind: "symbol", refs: [ref], weight: 0.85, start, end });
        else if (ref[0] === "p" && hints.has("postgresql") && lower(shown)) hits.push({ kind: "symbol", refs: [ref], weight: 0.55, start, end });
      });
      return hits;
    }

    said(messages, folded, words, starts, ends, hints) {
      const scored = [];
      for (const item of messages) {
        const start = starts[item.start], end = ends[item.end - 1];
        const refs = this.refs(item, folded, words, start, hints);
        if (refs.length) scored.push({ bits: item.bits + context(item, refs, folded, start, end, hints), item, refs, start, end });
      }
      scored.sort((one, other) => {
        const order = other.bits - one.bits || one.item.gaps.length - other.item.gaps.length || one.start - other.start;
        if (order) return order;
        const [left, right] = [one.item.message.words, other.item.message.words];
        for (let at = 0; at < Math.min(left.length, right.length); at += 1) if (left[at] !== right[at]) return left[at] < right[at] ? -1 : 1;
        return left.length - right.length;
      });
      const taken = [];
      const hits = [];
      for (const { bits, item, refs, start, end } of scored) {
        if (taken.some(([since, to]) => since < end && start < to)) continue;
        taken.push([start, end]);
        if (bits <= BITS) continue;
        const weight = Math.min(BEST, 1 - 0.5 ** ((bits - BITS) / HALF));
        const variant = this.variants.get(`${refs[0]} ${unnamed(item)}`) || null;
        hits.push({ kind: "message", refs, weight, start, end, parameters: parameters(item, folded, starts, ends), variant });
      }
      return hits;
    }

    refs(item, folded, words, start, hints) {
      let { refs } = item.message;
      if (item.message.flags.includes("e")) {
        const chosen = this.system(words, item.end);
        if (refs.includes(chosen)) refs = [chosen];
      }
      const engines = new Set(refs.map(engineOf));
      const named = new Set([...engines].filter((engine) => hints.has(engine)));
      if (MY.some((name) => hints.has(name))) MY.filter((name) => engines.has(name)).forEach((name) => named.add(name));
      if (named.size) return refs.filter((ref) => named.has(engineOf(ref)));
      if (engines.size > 1) {
        const before = folded.slice(Math.max(0, start - 2), start).replace(/^ +| +$/g, "").slice(-1);
        const quoted = item.message.first && ["'", "`", '"'].includes(before);
        const high = quoted ? before !== '"' : upper(folded[start]);
        const fitting = refs.filter((ref) => MY.includes(engineOf(ref)) === high);
        return fitting.length ? fitting : refs;
      }
      return refs;
    }

    system(words, at) {
      for (let place = at; place < Math.min(at + 24, words.length); place += 1) {
        for (const [text, ref] of this.errno) if (same(words, place, text)) return ref;
      }
      return null;
    }
  }

  function context(item, refs, folded, start, end, hints) {
    const { flags, words, first, last } = item.message;
    const engines = new Set(refs.map(engineOf));
    const own = [...engines].some((engine) => hints.has(engine)) || (MY.some((name) => engines.has(name)) && MY.some((name) => hints.has(name)));
    const [since, to] = line(folded, start);
    const before = folded.slice(since, start).trimEnd().toLowerCase();
    const after = folded.slice(end, end + 3).replace(/^ +/, "");
    const outer = first > 0;
    const clean = !before || CLEAN_BEFORE.has(before[before.length - 1]) || outer;
    const closed = !after || CLEAN_AFTER.has(after[0]) || after[0] === "\n" || last + 1 < words.length;
    let bits = 0;
    if (own || (flags.includes("t") && !hints.size)) bits += 4;
    else if (hints.size) bits -= 8;
    if (clean) bits += 3;
    if (closed) bits += 1;
    const said = ERRORS.some((word) => before.includes(word));
    if (said) bits += 3;
    const quiet = folded.slice(since, Math.min(start + 1, to)).match(QUIET);
    if (quiet) bits -= quiet[0][0] === "[" ? NEVER : flags.includes("w") ? 0 : 12;
    if (flags.includes("o")) bits += 40;
    if (flags.includes("l")) bits -= said ? 5 : NEVER;
    if (flags.includes("w")) bits -= 5;
    if (flags.includes("h") && !own) bits -= NEVER;
    if (flags.includes("a")) bits += own && clean && closed ? 10 : -NEVER;
    if (!hints.size && OTHER_ERRORS.test(before)) bits -= NEVER;
    if (!hints.size && item.message.bits < PLAIN && !flags.includes("t")) {
      const bare = !before || (clean && !outer);
      if (!(bare || (outer && before.length < SHORT)) || goesOn(item, folded, end, to)) bits -= NEVER;
    }
    return bits;
  }

  function goesOn(item, folded, end, to) {
    return item.message.last + 1 === item.message.words.length && FOLLOWS.test(folded.slice(end, to));
  }

  function line(text, at) {
    const low = Math.max(0, at - 400);
    const before = at > 0 ? text.lastIndexOf("\n", at - 1) : -1;
    const since = before >= low ? before + 1 : low;
    const behind = text.slice(at, at + 400).indexOf("\n");
    return [since, behind >= 0 ? at + behind : Math.min(text.length, at + 400)];
  }

  function parameters(item, folded, starts, ends) {
    const values = [];
    for (const [name, since, to] of item.gaps) {
      if (name) values.push(...parted(name, folded.slice(ends[since - 1], to < starts.length ? starts[to] : folded.length)));
    }
    const { words } = item.message;
    if (words[0].length > 1 && words[0][0] === "*") {
      const stop = starts[item.start];
      const low = Math.max(0, stop - 200);
      const before = stop > 0 ? folded.lastIndexOf("\n", stop - 1) : -1;
      const text = folded.slice(Math.max(before >= low ? before + 1 : 0, low), stop);
      values.push(...parted(words[0].slice(1), words[0].includes("\x1f") ? text : last(text)));
    }
    const tail = words[words.length - 1];
    if (tail.length > 1 && tail[0] === "*") {
      const begin = ends[item.end - 1];
      const right = folded.indexOf("\n", begin);
      const behind = folded.slice(begin, Math.min(right >= 0 ? right : folded.length, begin + 200));
      const number = NUMBERS.has(tail) && /^[^0-9\n]{0,3}[0-9]+/.exec(behind);
      values.push(...parted(tail.slice(1), number ? number[0] : behind));
    }
    return values.filter(([, text]) => text).sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : one[1] < other[1] ? -1 : 1));
  }

  function unnamed({ message }) {
    return message.words.slice(message.first, message.last + 1).map((word) => (word[0] === "*" ? "*" : word)).join(" ");
  }

  function strip(text, characters) {
    let start = 0, end = text.length;
    while (start < end && characters.includes(text[start])) start += 1;
    while (end > start && characters.includes(text[end - 1])) end -= 1;
    return text.slice(start, end);
  }

  function parted(name, text) {
    let names = name.split("\x1f");
    const values = [];
    while (names.length > 1) {
      let between = names[1].replaceAll("\x1e", " ");
      const core = strip(between, `${QUOTES} `);
      let place = text.indexOf(between);
      if (place < 0) {
        between = core;
        place = core ? text.indexOf(core) : -1;
      }
      if (place < 0) {
        names = core === "." ? names.slice(2) : [names[0], ...names.slice(3)];
        continue;
      }
      values.push([names[0], value(text.slice(0, place))]);
      text = text.slice(place + between.length);
      names = names.slice(2);
    }
    return [...values, [names[0], value(text)]];
  }

  function value(given) {
    const text = strip(given.replaceAll(FILLER, ""), `${BLANKS}:;,`);
    for (const quote of QUOTES) if (text.includes(quote)) return strip(text, `${QUOTES}${BLANKS}:;,.()`);
    const bare = strip(text, "()");
    // Brackets that are a part of it, as in lower(text), stay.
    return even(bare) || !even(text) ? bare : text;
  }

  function even(text) {
    return text.split("(").length === text.split(")").length;
  }

  function last(given) {
    let end = given.length;
    while (end > 0 && `${BLANKS}:;,`.includes(given[end - 1])) end -= 1;
    const text = given.slice(0, end);
    if (end > 0 && QUOTES.includes(text[end - 1])) {
      const opened = Math.max(...[...QUOTES].map((quote) => (end > 1 ? text.lastIndexOf(quote, end - 2) : -1)));
      return opened >= 0 ? text.slice(opened) : text;
    }
    return text.slice(text.lastIndexOf(": ") + 1);
  }

  // Fills: errbook.fills says what is put in, in which form, and what never is.

  const LONGEST = 256;
  const UNSAFE = /[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff\u{e0000}-\u{e0fff}]/u;

  /** Return every statement of an entry (`error` of its public JSON) that a match fills in, those of causes first. */
  function filled(error, match) {
    const part = error.variants.find((variant) => variant.id === match.variant) || error;
    const made = [];
    const add = (name, items, block) => items.forEach((item, at) => {
      const { text, fills } = block(item);
      if (!fills.length || (item.engines.length && !item.engines.includes(match.engine))) return;
      const put = putIn(text, fills, match.parameters, match.engine);
      if (put.spans.length) made.push({ part: name, number: at + 1, ...put });
    });
    add("cause", part.causes, ({ confirm }) => ({ text: confirm.run, fills: confirm.fills }));
    add("fix", part.fixes, ({ code }) => code);
    return made;
  }

  function putIn(text, fills, parameters, engine) {
    // Places count characters, of which strings here may hold two halves.
    const letters = [...text];
    let made = "", done = 0, size = 0;
    const spans = [];
    for (const fill of fills) {
      const given = Object.hasOwn(parameters, fill.parameter) ? parameters[fill.parameter] : "";
      const value = given && fill.start >= done ? quoted(given, fill.form, fill.part, engine) : null;
      if (value === null) continue;
      size += fill.start - done;
      const length = [...value].length;
      made += letters.slice(done, fill.start).join("") + value;
      spans.push([size, size + length]);
      size += length;
      done = fill.end;
    }
    return { text: made + letters.slice(done).join(""), spans };
  }

  function quoted(value, form, part, engine) {
    if ([...value].length > LONGEST || UNSAFE.test(value)) return null;
    let names = value.split(".");
    if (part) {
      if (names.length > 2 || (part === "first" && names.length !== 2)) return null;
      value = part === "first" ? names[0] : names[names.length - 1];
      names = [value];
    } else if (form !== "path" && form !== "path-text") names = [value];
    if (!value || names.length > 3 || names.includes("") || !OWN.has(engine)) return null;
    if (form === "number") return /^[0-9]{1,19}$/.test(value) ? value : null;
    if (form === "text") return quotedText(value, engine);
    if (form === "grant") names = [value.replace(/[\\_%]/g, "\\$&")];
    const mark = MY.includes(engine) ? "`" : '"';
    const path = names.map((name) => mark + name.replaceAll(mark, mark + mark) + mark).join(".");
    return form === "path-text" ? quotedText(path, engine) : path;
  }

  function quotedText(value, engine) {
    const doubled = value.replaceAll("'", "''");
    if (!doubled.includes("\\") || engine === "sqlite") return `'${doubled}'`;
    return `${engine === "postgresql" ? "E" : ""}'${doubled.replaceAll("\\", "\\\\")}'`;
  }

  let ready = null;

  /** Return the identifier of a site, read once; `root` is the address of the site, relative to the page. */
  function load(root) {
    const read = async (name) => {
      const answer = await fetch(new URL(`${root}identify/data/${name}.txt`, location.href));
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return answer.text();
    };
    ready ||= read("base").then((base) => new Identifier(base, read));
    ready.catch(() => (ready = null));
    return ready;
  }

  return { Identifier, filled, load, quoted };
})();

if (typeof module !== "undefined") module.exports = ebIdentify;
