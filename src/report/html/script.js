
"use strict";
// Reads the findings the page holds, and shows them filtered, grouped and sorted.
//
// Text from a repository is only ever set as text: the page's policy would refuse it as markup.
(() => {
  const SEVERITIES = ["critical", "high", "medium", "low", "info"];
  const STANDINGS = ["leak", "unreachable", "already-there", "suppressed", "identifier"];
  const CONFIDENCES = ["high", "medium", "low"];
  // The fields of a place, in their order.
  const [PATH, , , COMMIT, AUTHOR, DATE, , , , , , LINE] = Array(12).keys();
  const CARDS_AT_ONCE = 40;
  const PLACES_AT_ONCE = 20;
  const MOST_PRINTED = 2000;

  const list = document.getElementById("list");
  const number = (n) => n.toLocaleString("en");
  const count = (n, noun) => `${number(n)} ${noun}${n === 1 ? "" : "s"}`;

  /** Makes an element with properties and children; a text stays a text. */
  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // Reading.

  const secrets = new Map();
  const findings = [];
  const rules = new Map();
  const SIGNS = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#35;": "#" };
  const decoded = (text) =>
    text.includes("&") ? text.replace(/&(?:amp|lt|gt|quot|#39|#35);/g, (sign) => SIGNS[sign]) : text;

  function readRules() {
    for (const term of document.querySelectorAll("#rules dt")) {
      const rule = { severity: SEVERITIES.indexOf(term.dataset.severity), what: "", remedy: "", page: null };
      const lines = [];
      for (let next = term.nextElementSibling; next?.tagName === "DD"; next = next.nextElementSibling) {
        lines.push(next);
      }
      [rule.what, , rule.remedy] = lines.map((line) => line.textContent.trim());
      rule.page = lines[3]?.querySelector("a");
      rules.set(term.dataset.rule, rule);
    }
  }

  /** Takes a secret's description and fields; the same fingerprint is the same secret. */
  function readSecret(what, fields) {
    const [, rule, masked, id, print, confidence] = fields;
    if (!secrets.has(print)) {
      secrets.set(print, { what, rule, masked, id, print, confidence });
    }
    return secrets.get(print);
  }

  function readPlace(secret, classes, fields) {
    const [standing, confidence, head] = classes.split(" ");
    const rule = fields[9] || secret.rule;
    findings.push({
      secret, fields, rule, head,
      severity: rules.get(rule)?.severity ?? 4,
      standing: STANDINGS.indexOf(standing),
      confidence: CONFIDENCES.indexOf(confidence),
      text: [secret.what, rule, secret.masked, secret.id, secret.print, ...fields].join("\n").toLowerCase(),
    });
  }

  /** Reads cards that are elements. */
  function readElements() {
    const texts = (element) =>
      [...element.children].filter((e) => e.tagName === "P").map((e) => e.textContent.trim());
    for (const card of list.querySelectorAll("article")) {
      const secret = readSecret(card.querySelector("h3").textContent, texts(card));
      for (const item of card.querySelectorAll("li")) readPlace(secret, item.className, texts(item));
    }
  }

  /** Reads cards that are still text: a line for a secret, a line for each place. */
  function readText(text) {
    let secret = null;
    for (const line of text.split("\n")) {
      if (!line.startsWith("<article") && !line.startsWith("<li")) continue;
      const [start, ...fields] = line.replace(/<ol>$/, "").split("<p>").map(decoded);
      const word = start.match(/class="([^"]*)"/)[1];
      if (line.startsWith("<li")) readPlace(secret, word, fields);
      else secret = readSecret(decoded(line.slice(line.indexOf("<h3>") + 4, line.indexOf("</h3>"))), fields);
    }
  }

  // Choosing.

  const nothing = () => true;
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const facets = [
    { name: "Severity", of: (f) => f.severity, words: SEVERITIES, tones: SEVERITIES },
    { name: "Standing", of: (f) => f.standing, words: STANDINGS.map((word) => word.replace("-", " ")) },
    { name: "Confidence", of: (f) => f.confidence, words: CONFIDENCES },
    { name: "Rule", of: (f) => f.rule, long: true },
  ].map((facet) => ({ ...facet, chosen: new Set(), counts: new Map(), rows: new Map() }));

  /** Returns the findings that fit, and counts for each facet what it would leave. */
  function fitting() {
    const asked = words(ui.q.value);
    for (const facet of facets) facet.counts.clear();
    const tests = facets.map((facet) =>
      facet.chosen.size ? (f) => facet.chosen.has(facet.of(f)) : nothing);
    return findings.filter((finding) => {
      if (!asked.every((word) => finding.text.includes(word))) return false;
      let misses = 0;
      let missed = 0;
      tests.forEach((test, at) => {
        if (!test(finding)) [misses, missed] = [misses + 1, at];
      });
      // What only one facet keeps out is what that facet would let in.
      facets.forEach((facet, at) => {
        if (misses === 0 || (misses === 1 && missed === at)) {
          const value = facet.of(finding);
          facet.counts.set(value, (facet.counts.get(value) ?? 0) + 1);
        }
      });
      return misses === 0;
    });
  }

  const GROUPS = {
    secret: (f) => f.secret.print,
    file: (f) => f.fields[PATH],
    rule: (f) => f.rule,
    commit: (f) => f.fields[COMMIT],
    author: (f) => f.fields[AUTHOR],
  };
  const moment = (f) => Date.parse(f.fields[DATE].replace(" ", "T").replace(" ", "")) || 0;
  const worse = (a, b) =>
    (a.standing !== 0) - (b.standing !== 0) || a.severity - b.severity || a.confidence - b.confidence;

  function grouped(fit, by, sort) {
    const groups = new Map();
    for (const finding of fit) {
      const key = GROUPS[by](finding);
      const group = groups.get(key);
      if (!group) groups.set(key, { key, by, items: [finding], worst: finding });
      else {
        group.items.push(finding);
        if (worse(finding, group.worst) < 0) group.worst = finding;
      }
    }
    const all = [...groups.values()];
    if (sort === "worst") all.sort((a, b) => worse(a.worst, b.worst));
    if (sort === "most") all.sort((a, b) => b.items.length - a.items.length);
    if (sort === "name") all.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    if (sort === "newest" || sort === "oldest") {
      const sign = sort === "newest" ? -1 : 1;
      const none = sort === "newest" ? 0 : Infinity;
      for (const group of all) {
        group.items.sort((a, b) => sign * ((moment(a) || none) - (moment(b) || none)));
        group.moment = moment(group.items[0]) || none;
      }
      all.sort((a, b) => sign * (a.moment - b.moment));
    }
    return all;
  }

  // Showing.

  const ui = {};
  let cards = [];
  let drawn = 0;
  let reading = 0;

  /** A text that a click copies whole. */
  function copy(text, shown) {
    const button = make("button", { type: "button", className: "copy", title: "copy" }, shown ?? text);
    button.dataset.copy = text;
    return button;
  }

  const badge = (finding) =>
    make("span", { className: `badge ${SEVERITIES[finding.severity]}` }, SEVERITIES[finding.severity]);

  /** The line, with the secret marked. */
  function marked(line, masked) {
    const at = masked ? line.indexOf(masked) : -1;
    if (at < 0) return [line];
    return [line.slice(0, at), make("mark", {}, masked), line.slice(at + masked.length)];
  }

  function place(finding, by) {
    const { secret, fields } = finding;
    const item = make("li", { className: finding.head ?? "" });
    if (by !== "secret") {
      const what = rules.get(finding.rule)?.what ?? secret.what;
      const who = make("div", { className: "who" }, badge(finding), what);
      who.append(make("span", { className: "secret" }, secret.masked));
      if (by !== "rule") who.append(make("span", { className: "rule" }, finding.rule));
      who.append(copy(secret.print, secret.print.slice(0, 12)));
      item.append(who);
    }
    fields.forEach((text, at) => {
      const field = make("p", {});
      if (at === LINE) field.append(...marked(text, secret.masked));
      else if (at === COMMIT && text) field.append(copy(text, text.slice(0, 10)));
      else if (text) field.append(text);
      item.append(field);
    });
    return item;
  }

  /** Tells whether something is left to do: not where it is let be, or opens nothing. */
  const isOpen = (finding) => finding.standing < 3;

  function head(group) {
    const { by, key, worst, items } = group;
    const { secret } = worst;
    const rule = rules.get(by === "rule" ? key : worst.rule);
    const text = (...parts) => make("p", {}, ...parts.filter(Boolean));
    const severity = SEVERITIES[worst.severity];
    if (by === "secret") {
      const print = copy(secret.print, `fingerprint ${secret.print.slice(0, 12)}`);
      const known = [severity, secret.rule, secret.masked, secret.id, print, secret.confidence];
      return [make("h3", {}, secret.what), ...known.map((part) => text(part)),
        items.some(isOpen) ? remedy(rule) : text()];
    }
    const known = new Set(items.map((f) => f.secret)).size;
    const names = { file: key, rule: rule?.what ?? key, author: key || "no commit known",
      commit: key ? `commit ${key.slice(0, 10)}` : "no commit known" };
    const who = by === "commit" && key ? `${worst.fields[AUTHOR]}, ${worst.fields[DATE]}` : "";
    return [make("h3", {}, names[by]), text(severity), text(by === "rule" && key), text(), text(who), text(),
      text(`${count(items.length, "finding")} of ${count(known, "secret")}`),
      by === "rule" ? remedy(rule) : text()];
  }

  function remedy(rule) {
    const line = make("p", {}, ...(rule?.remedy ? [rule.remedy] : []));
    if (rule?.page) line.append(" ", rule.page.cloneNode(true));
    return line;
  }

  function card(group) {
    const places = make("ol", {});
    const { worst, by } = group;
    const className = `${SEVERITIES[worst.severity]} by-${by}${worst.standing ? " quiet" : ""}`;
    const element = make("article", { className, tabIndex: -1 }, ...head(group), places);
    const grow = (most) => {
      const from = places.childElementCount;
      places.append(...group.items.slice(from, from + most).map((finding) => place(finding, group.by)));
      return group.items.length - places.childElementCount;
    };
    const left = grow(PLACES_AT_ONCE);
    if (left > 0) {
      const button = make("button", { type: "button" }, `${count(left, "more place")}`);
      button.addEventListener("click", () => {
        const rest = grow(500);
        button.textContent = count(rest, "more place");
        if (!rest) button.remove();
      });
      element.append(button);
    }
    return element;
  }

  function draw(most = CARDS_AT_ONCE) {
    const next = cards.slice(drawn, drawn + most);
    list.append(...next.map(card));
    drawn += next.length;
    ui.more.hidden = drawn >= cards.length;
    ui.more.textContent = count(cards.length - drawn, "more card");
  }

  function drawFacets() {
    for (const facet of facets) {
      const met = new Set([...facet.rows.keys(), ...facet.counts.keys()]);
      const values = facet.words ? facet.words.keys() : [...met].sort();
      for (const value of values) {
        if (!facet.rows.has(value)) addRow(facet, value);
        const n = facet.counts.get(value) ?? 0;
        const row = facet.rows.get(value);
        row.n.textContent = number(n);
        row.label.classList.toggle("none", n === 0);
        row.box.checked = facet.chosen.has(value);
      }
    }
  }

  function addRow(facet, value) {
    const word = facet.words?.[value] ?? value;
    const box = make("input", { type: "checkbox" });
    box.dataset.value = word;
    const n = make("span", { className: "n" });
    const name = make("span", { className: facet.tones ? "dot" : "" }, word);
    const label = make("label", { className: facet.tones?.[value] ?? "" }, box, name, n);
    box.addEventListener("change", () => {
      if (box.checked) facet.chosen.add(value);
      else facet.chosen.delete(value);
      show();
    });
    facet.rows.set(value, { box, n, label });
    facet.field.append(label);
  }

  function show() {
    const fit = fitting();
    cards = grouped(fit, ui.group.value, ui.sort.value);
    drawn = 0;
    list.replaceChildren();
    draw();
    if (!cards.length) {
      const words = findings.length ? "Nothing fits." : "Nothing was found.";
      list.append(make("p", { className: "void" }, words));
    }
    drawFacets();
    const known = new Set(fit.map((f) => f.secret)).size;
    const some = fit.length === findings.length ? "" : `${number(fit.length)} of `;
    const all = some + count(findings.length, "finding");
    ui.said.textContent = `${all} · ${count(known, "secret")}${reading ? " · still reading" : ""}`;
    ui.clear.hidden = !(ui.q.value || facets.some((facet) => facet.chosen.size));
  }

  function clear() {
    ui.q.value = "";
    for (const facet of facets) facet.chosen.clear();
    show();
  }

  // Controls.

  function choice(id, name, words) {
    const options = words.map(([value, word]) => make("option", { value }, word));
    ui[id] = make("select", { id }, ...options);
    ui[id].addEventListener("change", show);
    return make("label", {}, `${name} `, ui[id]);
  }

  function controls() {
    const placeholder = "Search: path, author, rule, commit …   press /";
    ui.q = make("input", { id: "q", type: "search", placeholder, autocomplete: "off", spellcheck: false });
    ui.q.setAttribute("aria-label", "search the findings");
    let waiting = 0;
    ui.q.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(show, findings.length > 20000 ? 150 : 30);
    });
    ui.said = make("span", { role: "status" });
    ui.said.setAttribute("aria-live", "polite");
    ui.clear = make("button", { type: "button", hidden: true }, "clear filters");
    ui.clear.addEventListener("click", clear);
    const bar = make("div", { id: "bar" }, ui.q,
      choice("group", "by", Object.keys(GROUPS).map((by) => [by, by])),
      choice("sort", "sorted", [["worst", "worst first"], ["newest", "newest first"],
        ["oldest", "oldest first"], ["most", "most places first"], ["name", "by name"]]),
      make("div", { id: "count" }, ui.said, ui.clear));
    ui.more = make("button", { id: "more", type: "button" });
    ui.more.addEventListener("click", () => draw());
    const filters = make("details", { id: "filters" }, make("summary", {}, "Filters"));
    const wide = matchMedia("(min-width: 56.01rem)");
    const unfold = () => { filters.open = wide.matches; };
    wide.addEventListener("change", unfold);
    unfold();
    for (const facet of facets) {
      facet.field = make("div", { className: facet.long ? "long" : "" });
      filters.append(make("fieldset", {}, make("legend", {}, facet.name), facet.field));
    }
    const main = document.getElementById("findings");
    main.before(filters);
    list.before(bar);
    list.after(ui.more);
    document.body.classList.add("lively");
    document.querySelector(".rest")?.remove();
    themes();
  }

  function themes() {
    const root = document.documentElement;
    const wished = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : wished.matches);
    const button = make("button", { id: "theme", type: "button" });
    const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
    });
    name();
    document.getElementById("top").append(button);
  }

  function keys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.activeElement === ui.q) clear();
    if (typing && document.activeElement.type !== "checkbox") return;
    if (event.key === "/") {
      event.preventDefault();
      ui.q.focus();
    }
    if (event.key === "j" || event.key === "k") {
      const all = [...list.children];
      const at = all.indexOf(document.activeElement?.closest("article"));
      const next = all[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    }
  }

  async function copied(event) {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.done = "";
      setTimeout(() => delete button.dataset.done, 1200);
    } catch {
      // No leave to copy: the whole text is shown, to be copied by hand.
      button.textContent = button.dataset.copy;
      getSelection().selectAllChildren(button);
    }
  }

  async function start() {
    readRules();
    readElements();
    const portions = [...list.querySelectorAll("noscript")];
    reading = portions.length;
    controls();
    list.addEventListener("click", copied);
    document.addEventListener("keydown", keys);
    addEventListener("beforeprint", () => draw(MOST_PRINTED));
    new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting) && drawn < cards.length) draw();
    }, { rootMargin: "800px" }).observe(ui.more);
    show();
    for (const portion of portions) {
      await new Promise((done) => setTimeout(done));
      readText(portion.textContent);
      reading -= 1;
    }
    if (portions.length) show();
    document.documentElement.dataset.ready = findings.length;
  }
  start();
})();
