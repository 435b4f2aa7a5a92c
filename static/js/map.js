// Makes a drawn map live: Leaflet is fetched when somebody asks, never before. What it shows stands
// in the page already, so the drawing, the list and the live map can't differ.

const WIDE = "(min-width: 62rem)";
const NIGHT = "(prefers-color-scheme: dark)";
const STILL = "(prefers-reduced-motion: reduce)";
// Past that the drawn map says less than its lines pretend: it fades.
const FADES_AT = 12;
// Of signs on the screen: their height, what a sum's sides and each of its figures take, a bead.
const HIGH = 42;
const WIDE_SIGN = { sides: 38, figure: 8.6, bead: 48 };
// How far the map is moved before it is worth searching what it shows, in parts of its size.
const MOVED = 0.1;
const lives = new Map();
let library = null;

function element(name, css, text = "") {
  const made = document.createElement(name);
  if (css) made.className = css;
  made.textContent = text;
  return made;
}

// --- Fetching ---------------------------------------------------------------------------------
function loaded(node, where) {
  return new Promise((resolve, reject) => {
    node.addEventListener("load", resolve, { once: true });
    node.addEventListener("error", () => { node.remove(); reject(new Error("not loaded")); }, { once: true });
    where.append(node);
  });
}

function fetchLibrary({ script, sheet }) {
  if (window.L) return Promise.resolve();
  library ??= Promise.all([
    loaded(Object.assign(document.createElement("link"), { rel: "stylesheet", href: sheet }), document.head),
    loaded(Object.assign(document.createElement("script"), { src: script }), document.head),
  ]).catch((error) => { library = null; throw error; });
  return library;
}

async function fetchGround(address) {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) throw new Error(`ground: ${answer.status}`);
  return answer.json();
}

// --- What a map shows -------------------------------------------------------------------------
const twin = (id) => (id ? document.getElementById(id) : null);
const spoken = (point) => [point.name, point.place, point.label].filter(Boolean).join(", ");

function addGround(map, box) {
  const night = matchMedia(NIGHT);
  const theme = () => document.documentElement.dataset.theme ?? (night.matches ? "dark" : "light");
  const picture = () => (theme() === "dark" ? box.dataset.night : box.dataset.day);
  const drawing = L.imageOverlay(picture(), JSON.parse(box.dataset.corners), { className: "map-picture" }).addTo(map);
  const turn = () => drawing.setUrl(picture());
  night.addEventListener("change", turn);
  map.on("unload", () => night.removeEventListener("change", turn));
  const fade = () => drawing.setOpacity(map.getZoom() > FADES_AT ? 0.25 : 1);
  map.on("zoomend", fade);
  fade();
  map.attributionControl.addAttribution(box.dataset.saysDrawn);
}

function addTiles(map, box) {
  const words = element("span", "", box.dataset.tilesAttribution).innerHTML;
  const tiles = L.tileLayer(box.dataset.tiles, { maxZoom: 18, attribution: words });
  let came = false;
  tiles.on("tileload", () => { came = true; });
  tiles.on("tileerror", () => {
    // Nobody answers there: the drawn map, as if no address were set.
    if (came || !map.hasLayer(tiles)) return;
    tiles.remove();
    addGround(map, box);
  });
  tiles.addTo(map);
}

const turned = (rings) => rings.map((ring) => ring.map(([lon, lat]) => [lat, lon]));

function addShapes(map, box, ground) {
  const css = ({ properties: { kind, colour } }) =>
    kind === "pole" ? `map-pole map-pole--${colour}` : `map-${kind}`;
  L.geoJSON(ground, {
    interactive: false,
    style: (feature) => ({ className: css(feature), fill: feature.properties.kind === "pole" }),
  }).addTo(map);
  if (box.dataset.area) {
    L.polygon(turned(JSON.parse(box.dataset.area)), { className: "map-area", interactive: false }).addTo(map);
  }
  if (box.dataset.line) {
    L.polyline(turned(JSON.parse(box.dataset.line)), { className: "map-way", interactive: false }).addTo(map);
  }
}

// --- Pins: those that would hide each other stand as one bead ------------------------------------
function beadOf(points, map) {
  const center = points.length > 1 ? L.latLngBounds(points.map((one) => one.at)).getCenter() : points[0].at;
  const [{ label }] = points;
  const width = points.length > 1 || !label ? WIDE_SIGN.bead : WIDE_SIGN.sides + WIDE_SIGN.figure * label.length;
  return { points, center, width, spot: map.project(center) };
}

const touch = (one, other) =>
  Math.abs(one.spot.x - other.spot.x) < (one.width + other.width) / 2 && Math.abs(one.spot.y - other.spot.y) < HIGH;

function gathered(points, map) {
  const beads = [];
  const waiting = points.map((point) => [point]);
  while (waiting.length) {
    const bead = beadOf(waiting.shift(), map);
    // A bead that grew stands elsewhere: it is held against the others again.
    const near = beads.findIndex((one) => touch(one, bead));
    if (near < 0) beads.push(bead);
    else waiting.unshift([...beads.splice(near, 1)[0].points, ...bead.points]);
  }
  return beads;
}

function sign(points) {
  const [first] = points;
  const about = first.exact ? "" : " pin--about";
  if (points.length > 1) return element("span", "pin pin--many", String(points.length));
  return element("span", `pin pin--${first.label ? "sum" : "dot"} pin--${first.layer}${about}`, first.label);
}

function about(point, box, map) {
  const part = element("div", "map-note");
  const name = element("strong");
  if (point.url) name.append(Object.assign(element("a", "", point.name), { href: point.url }));
  else name.textContent = point.name;
  if (point.lang) name.lang = point.lang;
  part.append(name, element("span", "", [point.place, point.label].filter(Boolean).join(" · ")));
  if (!point.exact) part.append(element("small", "", box.dataset.saysAbout));
  if (twin(point.id)) {
    const link = Object.assign(element("a", "link", box.dataset.saysInList), { href: `#${point.id}` });
    link.addEventListener("click", (event) => {
      // Going to the line by hand: following the link would take the focus away afterwards.
      event.preventDefault();
      map.closePopup();
      location.hash = point.id;
      twin(point.id).querySelector("a")?.focus({ preventScroll: true });
    });
    part.append(link);
  }
  return part;
}

function openNote(marker, points, box, map) {
  const content = element("div", "map-notes");
  content.append(...points.map((point) => about(point, box, map)));
  const note = L.popup({ maxWidth: 280, maxHeight: 260, autoPanPadding: [16, 16] })
    .setLatLng(marker.getLatLng()).setContent(content).openOn(map);
  const frame = note.getElement();
  frame.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", box.dataset.saysClose);
  note.once("remove", () => {
    // Whoever was in the note goes back to where it came from.
    if (document.activeElement === document.body || frame.contains(document.activeElement)) (marker.getElement() ?? map.getContainer()).focus();
  });
  (content.querySelector("a") ?? frame.querySelector(".leaflet-popup-close-button"))?.focus({ preventScroll: true });
}

function press(marker, points, box, map) {
  const bounds = L.latLngBounds(points.map((point) => point.at));
  const closest = Math.min(map.getBoundsZoom(bounds.pad(0.3)), map.getMaxZoom());
  if (points.length === 1 || closest <= map.getZoom()) openNote(marker, points, box, map);
  else map.setView(bounds.getCenter(), closest);
}

function addPins(map, box, points) {
  const layer = L.layerGroup().addTo(map);
  const mark = (ids, is) => {
    for (const id of ids) twin(id)?.classList.toggle("card--on", is);
  };
  const draw = () => {
    const had = map.getPane("markerPane").contains(document.activeElement);
    layer.clearLayers();
    for (const { points: inside, center } of gathered(points, map)) {
      const icon = L.divIcon({ className: "map-marker", html: sign(inside), iconSize: null });
      const marker = L.marker(center, { icon, riseOnHover: true }).addTo(layer);
      const ids = inside.map((one) => one.id).filter(Boolean);
      const node = marker.getElement();
      node.dataset.pins = ids.join(" ");
      const many = box.dataset.saysSeveral.replace("__count__", inside.length);
      node.setAttribute("aria-label", inside.length > 1 ? `${many}: ${inside.map((one) => one.name).join(", ")}` : spoken(inside[0]));
      marker.on("click", () => press(marker, inside, box, map));
      node.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        press(marker, inside, box, map);
      });
      for (const type of ["mouseenter", "focus"]) node.addEventListener(type, () => mark(ids, true));
      for (const type of ["mouseleave", "blur"]) node.addEventListener(type, () => mark(ids, false));
    }
    // Pins were drawn anew under somebody's hands.
    if (had) map.getContainer().focus({ preventScroll: true });
  };
  map.on("zoomend", draw);
  draw();
}

// --- The same, in what a moved map shows --------------------------------------------------------
function followMoves(map, box) {
  const offer = box.querySelector("[data-map-zone]");
  if (!offer) return;
  const link = offer.querySelector("a");
  const start = { center: map.getCenter(), zoom: map.getZoom() };
  map.on("moveend", () => {
    const away = map.project(map.getCenter()).subtract(map.project(start.center));
    const { x, y } = map.getSize();
    const isMoved = map.getZoom() !== start.zoom || Math.abs(away.x) > x * MOVED || Math.abs(away.y) > y * MOVED;
    const seen = map.getBounds();
    // Outwards: what is seen at an edge is found.
    const low = (edge) => (Math.floor(edge * 1000) / 1000).toFixed(3);
    const high = (edge) => (Math.ceil(edge * 1000) / 1000).toFixed(3);
    const edges = [low(seen.getSouth()), low(seen.getWest()), high(seen.getNorth()), high(seen.getEast())];
    link.href = box.dataset.zoneUrl.replace("__zone__", edges.join(","));
    offer.hidden = !isMoved;
  });
}

// A card under the hand or the focus shows its pin, on the drawing too.
function showPin(event, is) {
  const line = event.target.closest?.("[id^='res-'], [id^='site-'], [id^='station-'], [id^='walk-']");
  if (!line) return;
  for (const pin of document.querySelectorAll(`[data-pin="${line.id}"], [data-pins~="${line.id}"]`)) {
    pin.querySelector(".pin")?.classList.toggle("pin--on", is);
  }
}
for (const [type, is] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
  document.addEventListener(type, (event) => showPin(event, is));
}

// What stands across an edge comes once the map is moved.
function hideCut(map) {
  const box = map.getContainer().getBoundingClientRect();
  const cut = [...map.getPane("markerPane").children].filter((node) => {
    const at = node.getBoundingClientRect();
    return at.left < box.left || at.right > box.right || at.top < box.top || at.bottom > box.bottom;
  });
  const show = (how) => cut.forEach((node) => { node.style.visibility = how; });
  show("hidden");
  map.once("movestart", () => show(""));
}

// --- A live map ----------------------------------------------------------------------------------
function build(box, ground) {
  const says = (name) => box.dataset[`says${name}`];
  const points = JSON.parse(box.dataset.points);
  const corners = JSON.parse(box.dataset.corners);
  const node = element("div", "map-live");
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", says("Label"));
  box.append(node);
  box.classList.add("map-box--live");
  const calm = matchMedia(STILL).matches;
  const map = L.map(node, {
    zoomControl: false, scrollWheelZoom: false, zoomSnap: 0.25, minZoom: 7, maxZoom: box.dataset.tiles ? 18 : 15,
    maxBounds: L.latLngBounds(corners).pad(0.6), zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm,
  });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: says("ZoomIn"), zoomOutTitle: says("ZoomOut"), position: "topright" }).addTo(map);
  const wanted = box.dataset.around ? turned(JSON.parse(box.dataset.around)).flat() : [];
  const seen = wanted.length ? wanted : points.map((point) => point.at);
  const around = L.latLngBounds(seen.length ? seen : corners);
  // Whatever stands on the edge is seen whole: a sign of an outline, the widest sum of a list.
  const longest = Math.max(0, ...points.map(({ label }) => label.length));
  const room = wanted.length ? 24 : Math.max(48, (WIDE_SIGN.sides + WIDE_SIGN.figure * longest) / 2 + 6);
  map.fitBounds(around, { maxZoom: wanted.length ? 15 : points.length > 1 ? 13 : 11, padding: [room, Math.min(room, 48)] });
  if (box.dataset.tiles) addTiles(map, box);
  else addGround(map, box);
  addShapes(map, box, ground);
  addPins(map, box, points);
  if (wanted.length) hideCut(map);
  followMoves(map, box);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
  });
  lives.set(box, map);
}

async function open(box) {
  if (lives.has(box) || box.getAttribute("aria-busy") === "true") return;
  const failed = box.querySelector("[data-map-failed]");
  const ask = box.querySelector("[data-map-ask]");
  const asked = box.contains(document.activeElement);
  failed.hidden = true;
  box.setAttribute("aria-busy", "true");
  try {
    const [ground] = await Promise.all([fetchGround(box.dataset.ground), fetchLibrary(box.dataset)]);
    if (!box.isConnected) return;
    ask.hidden = true;
    build(box, ground);
    if (asked) box.querySelector(".map-live").focus({ preventScroll: true });
  } catch {
    failed.hidden = false;
    ask.hidden = true;
    if (asked) failed.querySelector("button").focus();
  } finally {
    box.removeAttribute("aria-busy");
  }
}

function prepare(box) {
  if (box.dataset.ready) return;
  box.dataset.ready = "yes";
  const ask = box.querySelector("[data-map-ask]");
  ask.hidden = false;
  for (const button of box.querySelectorAll("[data-map-ask] button, [data-map-failed] button")) {
    button.addEventListener("click", () => open(box));
  }
  if (box.dataset.map === "now") open(box);
  if (box.dataset.map === "wide" && matchMedia(WIDE).matches) {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      open(box);
    });
    watch.observe(box);
  }
}

function begin() {
  for (const [box, map] of lives) {
    if (box.isConnected) continue;
    map.remove();
    lives.delete(box);
  }
  for (const box of document.querySelectorAll("[data-map]")) prepare(box);
}
document.addEventListener("htmx:afterSettle", begin);
begin();
