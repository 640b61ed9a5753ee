"use strict";
// Runs in Neo4j Browser before its own scripts: gives it the style and the favourites of cellgraph (`offer.js`), and,
// after a launch, what to draw.  What the user has of their own stays: favourites, style, settings.

(() => {
  const read = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function offer({ style, folder, favourites }) {
    const before = read("cellgraph.offer") ?? { style: {}, favourites: [] };
    const given = Object.fromEntries(before.favourites.map((favourite) => [favourite.id, favourite.content]));

    // Of our favourites, those that the user has changed stay so, and those that they deleted stay away.
    const saved = read("neo4j.documents") ?? [];
    const changed = (document) => document.content !== given[document.id];
    const kept = saved.filter((document) => !(document.id in given) || changed(document));
    const there = new Set(saved.map((document) => document.id));
    const wanted = favourites.filter(({ id }) => !kept.some((document) => document.id === id));
    const fresh = wanted.filter(({ id }) => there.has(id) || !(id in given));
    write("neo4j.documents", [...kept, ...fresh.map((favourite) => ({ ...favourite, folder: folder.id }))]);
    const folders = read("neo4j.folders") ?? [];
    if (!folders.some(({ id }) => id === folder.id) && fresh.length) write("neo4j.folders", [...folders, folder]);

    const own = read("neo4j.grass") ?? {};
    const rules = Object.entries(style).filter(([rule]) => !(rule in own) || same(own[rule], before.style[rule]));
    write("neo4j.grass", { ...own, ...Object.fromEntries(rules) });
    write("cellgraph.offer", { style, favourites });
  }

  // Settings for this page alone: it reads them as if they had been saved, and what it saves are the user's.
  function lend(settings) {
    const key = "neo4j.settings";
    const own = read(key) ?? {};
    const { getItem, setItem } = Storage.prototype;
    Storage.prototype.getItem = function (name) {
      const saved = getItem.call(this, name);
      return this === localStorage && name === key ? JSON.stringify({ ...JSON.parse(saved), ...settings }) : saved;
    };
    addEventListener("load", () => {
      Storage.prototype.getItem = getItem;
    });
    Storage.prototype.setItem = function (name, value) {
      if (this === localStorage && name === key) {
        const all = JSON.parse(value);
        for (const lent of Object.keys(settings)) if (same(all[lent], settings[lent])) all[lent] = own[lent];
        value = JSON.stringify(all);
      }
      setItem.call(this, name, value);
    };
  }

  if (window.cellgraph) offer(window.cellgraph);
  const launch = sessionStorage.getItem("cellgraph.settings");
  sessionStorage.removeItem("cellgraph.settings"); // a reload draws nothing by itself
  if (launch) lend(JSON.parse(launch));
})();
