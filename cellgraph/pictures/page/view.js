"use strict";
// Cells as points and contacts as lines, in three.js. All text from the data goes into the page as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const places = new Float32Array(bytes(data.places));
  const a = new Uint32Array(bytes(data.a));
  const b = new Uint32Array(bytes(data.b));
  const n = data.labels.length;
  const columns = data.columns.map((column) => ({
    ...column,
    values: column.categories ? new Uint16Array(bytes(column.values)) : new Float64Array(bytes(column.values)),
  }));

  // Neighbours of cell i: links[first[i]] to links[first[i + 1] - 1].
  const first = new Uint32Array(n + 1);
  for (let i = 0; i < a.length; i++) { first[a[i] + 1]++; first[b[i] + 1]++; }
  for (let i = 0; i < n; i++) first[i + 1] += first[i];
  const next = first.slice();
  const links = new Uint32Array(2 * a.length);
  for (let i = 0; i < a.length; i++) { links[next[a[i]]++] = b[i]; links[next[b[i]]++] = a[i]; }

  function distances(start, most) {
    const distance = new Int32Array(n).fill(-1);
    distance[start] = 0;
    let ring = [start];
    for (let k = 1; k <= most && ring.length; k++) {
      const further = [];
      for (const cell of ring)
        for (let i = first[cell]; i < first[cell + 1]; i++)
          if (distance[links[i]] < 0) { distance[links[i]] = k; further.push(links[i]); }
      ring = further;
    }
    return distance;
  }

  function shortestPath(start, end) {
    const distance = distances(end, n);
    if (distance[start] < 0) return [];
    const path = [start];
    while (path[path.length - 1] !== end) {
      const cell = path[path.length - 1];
      for (let i = first[cell]; i < first[cell + 1]; i++)
        if (distance[links[i]] === distance[cell] - 1) { path.push(links[i]); break; }
    }
    return path;
  }

  // viridis, and the colours of Okabe and Ito
  const ramp = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"].map((c) => new THREE.Color(c));
  const kinds = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"].map((c) => new THREE.Color(c));
  const grey = new THREE.Color("#cccccc");
  const chosen = new THREE.Color("#ff0000");
  function along(share) {
    const place = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
    const below = Math.min(Math.floor(place), ramp.length - 2);
    return ramp[below].clone().lerp(ramp[below + 1], place - below);
  }

  // The scene, centred, its largest extent 2.
  const low = [0, 1, 2].map((axis) => Infinity), high = low.map(() => -Infinity);
  for (let i = 0; i < n; i++) for (let axis = 0; axis < 3; axis++) {
    low[axis] = Math.min(low[axis], places[3 * i + axis]);
    high[axis] = Math.max(high[axis], places[3 * i + axis]);
  }
  const scale = 2 / Math.max(...high.map((h, axis) => h - low[axis]), 1e-9);
  const position = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) for (let axis = 0; axis < 3; axis++)
    position[3 * i + axis] = (places[3 * i + axis] - (low[axis] + high[axis]) / 2) * scale * (axis ? -1 : 1);

  const renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(window.devicePixelRatio);
  renderer.setClearColor(0xffffff);
  document.body.prepend(renderer.domElement);
  const scene = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(45, 1, 0.01, 100);
  const controls = new THREE.OrbitControls(camera, renderer.domElement);
  camera.position.set(data.flat ? 0 : 1.5, data.flat ? 0 : 1.2, data.flat ? 3.2 : 2.9);
  controls.update();
  const colour = new Float32Array(3 * n);
  const size = new Float32Array(n);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(position, 3));
  geometry.setAttribute("colour", new THREE.Float32BufferAttribute(colour, 3));
  geometry.setAttribute("size", new THREE.Float32BufferAttribute(size, 1));
  const material = new THREE.ShaderMaterial({
    vertexShader: `attribute vec3 colour; attribute float size; varying vec3 shade; uniform float height;
      void main() { shade = colour; vec4 seen = modelViewMatrix * vec4(position, 1.0);
        gl_PointSize = max(2.0, size * height / -seen.z); gl_Position = projectionMatrix * seen; }`,
    fragmentShader: `varying vec3 shade; void main() { vec2 at = gl_PointCoord * 2.0 - 1.0; float r = dot(at, at);
      if (r > 1.0) discard; gl_FragColor = vec4(shade * (0.55 + 0.45 * sqrt(1.0 - r)), 1.0);
      #include <colorspace_fragment>
    }`,
    uniforms: { height: { value: 1 } },
  });
  const points = new THREE.Points(geometry, material);
  scene.add(points);

  // Ellipsoids: a sphere for each cell, stretched along its axes. Cells without axes are small spheres.
  const axes = data.axes && new Float32Array(bytes(data.axes));
  const bodies = axes && new THREE.InstancedMesh(new THREE.IcosahedronGeometry(1, n > 5000 ? 1 : 3), new THREE.MeshLambertMaterial(), n);
  const body = new THREE.Matrix4();
  function place(i, share) {
    const m = axes.subarray(9 * i, 9 * i + 9), s = scale * share, round = 0.3 * data.radius * s;
    if (!m.every(Number.isFinite)) body.set(round, 0, 0, 0, 0, round, 0, 0, 0, 0, round, 0, 0, 0, 0, 1);
    else {
      // Of a left-handed set of axes one is turned round, or the inside of the sphere would be seen.
      const turn = m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]) < 0 ? -1 : 1;
      body.set(m[0] * s, m[3] * s, turn * m[6] * s, 0, -m[1] * s, -m[4] * s, -turn * m[7] * s, 0, -m[2] * s, -m[5] * s, -turn * m[8] * s, 0, 0, 0, 0, 1);
    }
    body.setPosition(position[3 * i], position[3 * i + 1], position[3 * i + 2]);
    bodies.setMatrixAt(i, body);
  }
  if (bodies) {
    bodies.visible = bodies.frustumCulled = false;
    scene.add(bodies, new THREE.HemisphereLight(0xffffff, 0xaaaaaa, 2));
    const lamp = new THREE.DirectionalLight(0xffffff, 1.5);
    camera.add(lamp);
    scene.add(camera);
    element("ellipsoids").onchange = (event) => { bodies.visible = event.target.checked; points.visible = !bodies.visible; paint(); };
  } else element("shape").remove();
  const ends = new Float32Array(6 * a.length);
  for (let i = 0; i < a.length; i++) {
    ends.set(position.subarray(3 * a[i], 3 * a[i] + 3), 6 * i);
    ends.set(position.subarray(3 * b[i], 3 * b[i] + 3), 6 * i + 3);
  }
  const lines = new THREE.BufferGeometry();
  lines.setAttribute("position", new THREE.Float32BufferAttribute(ends, 3));
  const pale = new THREE.LineBasicMaterial({ color: 0x888888, transparent: true, opacity: Math.min(0.6, Math.max(0.05, 3000 / a.length)) });
  scene.add(new THREE.LineSegments(lines, pale));
  let way = null;

  function draw() { renderer.render(scene, camera); }
  function resize() {
    const width = window.innerWidth, height = window.innerHeight;
    renderer.setSize(width, height);
    camera.aspect = width / height;
    camera.setViewOffset(width, height, -150, 0, width, height);
    camera.updateProjectionMatrix();
    material.uniforms.height.value = height * renderer.getPixelRatio() / (2 * Math.tan(camera.fov * Math.PI / 360));
    draw();
  }
  controls.addEventListener("change", draw);
  window.addEventListener("resize", resize);

  // What is shown.
  let column = columns.find((one) => one.name === data.color) || columns[0];
  let selected = -1, ring = null, path = [];
  function paint() {
    const values = column.values, known = column.categories ? [] : values.filter(Number.isFinite);
    let least = Infinity, most = -Infinity;
    for (const value of known) { least = Math.min(least, value); most = Math.max(most, value); }
    const k = Number(element("k").value);
    const usual = data.radius * scale * 2;
    for (let i = 0; i < n; i++) {
      let shade = grey;
      if (path.length) shade = path.includes(i) ? chosen : grey;
      else if (ring) shade = i === selected ? chosen : ring[i] >= 0 ? along(1 - (ring[i] - 1) / Math.max(k, 2)) : grey;
      else if (column.categories) shade = values[i] ? kinds[(values[i] - 1) % kinds.length] : grey;
      else if (Number.isFinite(values[i])) shade = along(most > least ? (values[i] - least) / (most - least) : 0.5);
      colour.set([shade.r, shade.g, shade.b], 3 * i);
      size[i] = usual * (shade === grey ? 0.6 : i === selected ? 1.5 : 1);
      if (bodies && bodies.visible) {
        // Cells that an answer is not about are small, so that they hide nothing.
        place(i, (ring || path.length) && shade === grey ? 0.25 : 1);
        bodies.setColorAt(i, shade);
      }
    }
    if (bodies && bodies.visible) {
      bodies.instanceMatrix.needsUpdate = bodies.instanceColor.needsUpdate = true;
      bodies.boundingSphere = null;
    }
    geometry.attributes.colour.array.set(colour);
    geometry.attributes.size.array.set(size);
    geometry.attributes.colour.needsUpdate = geometry.attributes.size.needsUpdate = true;
    const numbers = !column.categories && known.length;
    element("legend").style.background = numbers ? `linear-gradient(90deg, ${ramp.map((c) => c.getStyle()).join(",")})` : "none";
    element("low").textContent = numbers ? String(Number(least.toPrecision(4))) : "";
    element("high").textContent = numbers ? String(Number(most.toPrecision(4))) : "";
    element("types").replaceChildren(...(column.categories || []).slice(0, 20).map((name, i) => {
      const entry = document.createElement("span"), box = document.createElement("i");
      box.style.background = kinds[i % kinds.length].getStyle();
      entry.append(box, name);
      return entry;
    }));
    if (way) { scene.remove(way); way = null; }
    if (path.length > 1) {
      const along = new THREE.BufferGeometry();
      const at = path.slice(1).flatMap((cell, i) => [...position.subarray(3 * path[i], 3 * path[i] + 3), ...position.subarray(3 * cell, 3 * cell + 3)]);
      along.setAttribute("position", new THREE.Float32BufferAttribute(at, 3));
      way = new THREE.LineSegments(along, new THREE.LineBasicMaterial({ color: 0xff0000 }));
      scene.add(way);
    }
    draw();
  }
  const text = (cell) => data.names ? `${data.labels[cell]} ${data.names[cell]}` : data.labels[cell];
  const shown = (one, cell) => one.categories ? one.categories[one.values[cell] - 1] ?? "" : Number.isFinite(one.values[cell]) ? String(Number(one.values[cell].toPrecision(6))) : "";
  function select(cell) {
    selected = cell;
    path = [];
    const k = Number(element("k").value);
    element("k-shown").textContent = k;
    ring = cell < 0 ? null : distances(cell, k);
    const within = cell < 0 ? 0 : ring.reduce((sum, distance) => sum + (distance > 0), 0);
    element("answer").textContent = cell < 0 ? "" : `Cell ${text(cell)}: ${within.toLocaleString("en")} cells within ${k} contact${k > 1 ? "s" : ""}`;
    element("measures").replaceChildren(...(cell < 0 ? [] : columns).map((one) => {
      const row = document.createElement("tr");
      row.insertCell().textContent = one.name;
      row.insertCell().textContent = shown(one, cell);
      return row;
    }));
    const near = cell < 0 ? [] : [...new Set(links.subarray(first[cell], first[cell + 1]))];
    element("neighbours").replaceChildren(...near.slice(0, 200).map((other) => {
      const entry = document.createElement("span");
      entry.className = "cell";
      entry.textContent = text(other);
      entry.onclick = () => select(other);
      return entry;
    }));
    if (near.length) element("neighbours").prepend(`Touches ${near.length}: `);
    element("cypher").textContent = cell < 0 ? "" : data.within[k - 1].replaceAll(data.standin, data.labels[cell]);
    paint();
    return within;
  }
  function pathTo(cell) {
    if (selected < 0 || cell < 0) return [];
    path = shortestPath(selected, cell);
    element("answer").textContent = path.length
      ? `A shortest path from ${text(selected)} to ${text(cell)}: ${path.length - 1} contacts (${path.map((one) => data.labels[one]).join(" – ")})`
      : `Cells ${text(selected)} and ${text(cell)} are not connected.`;
    element("cypher").textContent = data.path.replaceAll(data.standin, data.labels[selected]).replaceAll(data.other, data.labels[cell]);
    paint();
    return path.map((one) => data.labels[one]);
  }
  function find(wanted) {
    const place = data.labels.indexOf(wanted.trim());
    return place < 0 && data.names ? data.names.indexOf(wanted.trim()) : place;
  }
  const at = new THREE.Vector3();
  function screen(cell) {
    at.fromArray(position, 3 * cell).project(camera);
    return [(at.x + 1) / 2 * window.innerWidth, (1 - at.y) / 2 * window.innerHeight, at.z];
  }
  const ray = new THREE.Raycaster(), mouse = new THREE.Vector2();
  function under(x, y) {
    if (bodies && bodies.visible) {
      mouse.set(x / window.innerWidth * 2 - 1, 1 - y / window.innerHeight * 2);
      ray.setFromCamera(mouse, camera);
      const met = ray.intersectObject(bodies)[0];
      return met ? met.instanceId : -1;
    }
    let best = -1, depth = Infinity;
    const reach = 14;
    for (let i = 0; i < n; i++) {
      const [px, py, pz] = screen(i);
      if (pz < 1 && pz < depth && Math.hypot(px - x, py - y) < reach) { best = i; depth = pz; }
    }
    return best;
  }
  let pressed = null;
  renderer.domElement.addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; });
  renderer.domElement.addEventListener("click", (event) => {
    if (pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4) return; // it was a drag
    const cell = under(event.clientX, event.clientY);
    if (event.shiftKey && selected >= 0) pathTo(cell); else select(cell);
  });
  element("title").textContent = data.sample;
  element("count").textContent = `${n.toLocaleString("en")} cells, ${a.length.toLocaleString("en")} contacts`;
  element("note").textContent = data.note;
  document.title = `${data.sample} – cellgraph`;
  columns.forEach((one, i) => element("column").append(new Option(one.name, i, false, one === column)));
  element("column").onchange = (event) => { column = columns[event.target.value]; selected = -1; select(-1); };
  element("k").oninput = () => select(selected);
  element("search").onkeydown = (event) => {
    if (event.key !== "Enter") return;
    const cell = find(event.target.value);
    select(cell);
    if (cell < 0) element("answer").textContent = `There is no cell ${event.target.value} here.`;
  };
  window.view = { cells: n, ellipsoids: bodies ? n : 0, contacts: a.length, select: (label) => select(find(String(label))), path: (label) => pathTo(find(String(label))), screen: (label) => screen(find(String(label))) };
  resize();
  paint();
})();
