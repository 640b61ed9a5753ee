"use strict";
// Where the launcher of `cellgraph browse` leads: signs Neo4j Browser in, and tells it what to draw.
//
// The launcher gives `#token&password`.  What is to be drawn is in the folder of that token, which nobody can guess.
// The password is checked first: without it nobody, least of all a link on the web, runs Cypher here.

const told = document.getElementById("told");

async function open_browser() {
  const [token, password] = location.hash.slice(1).split("&").map(decodeURIComponent);
  history.replaceState(null, "", location.pathname);
  if (!/^[0-9a-f]{32}$/.test(token ?? "") || !password) {
    throw "this page is opened by the launcher that `cellgraph browse` writes";
  }
  const found = await fetch(`${token}/launch.json`, { cache: "no-store" });
  if (!found.ok) throw "this launcher is of another server; run `cellgraph browse` again";
  const launch = await found.json();
  const answer = await fetch("/db/neo4j/query/v2", {
    method: "POST",
    credentials: "omit",
    headers: {
      "Content-Type": "application/json",
      Authorization: "Basic " + btoa(String.fromCharCode(...new TextEncoder().encode(`${launch.user}:${password}`))),
    },
    body: JSON.stringify({ statement: "RETURN 1" }),
  });
  if (answer.status === 401) throw "the server does not accept the password of this launcher; run `cellgraph browse` again";
  if (!answer.ok) throw `the server answers with status ${answer.status}; see \`cellgraph neo4j logs\``;
  const id = "$$discovery"; // the connection that Neo4j Browser opens by itself
  const host = launch.uri.replace("127.0.0.1", location.hostname);
  const connection = { id, name: id, type: "bolt", host, username: launch.user, password, authEnabled: true };
  const saved = JSON.parse(localStorage.getItem("neo4j.connections") ?? "null") ?? {};
  localStorage.setItem(
    "neo4j.connections",
    JSON.stringify({
      ...saved,
      allConnectionIds: [...new Set([...(saved.allConnectionIds ?? []), id])],
      connectionsById: { ...saved.connectionsById, [id]: { ...connection, authenticationMethod: "NATIVE" } },
      activeConnection: id,
    }),
  );
  sessionStorage.setItem("cellgraph.settings", JSON.stringify(launch.settings)); // for page.js
  location.replace(`../?${launch.editor}`);
}

open_browser().catch((reason) => {
  told.textContent = typeof reason === "string" ? `cellgraph: ${reason}.` : `cellgraph: the server does not answer (${reason}).`;
});
