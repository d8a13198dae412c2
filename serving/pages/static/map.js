// The map beside the table: it is coloured by what stands in the table's rows, and knows no number that isn't there.
"use strict";

const COLOURS = ["#f3f5f3", "#dcebe1", "#a9d3b9", "#6bb18b", "#2f8560", "#14532d"];
const place = document.getElementById("map");
const pointed = document.getElementById("pointed");
const slider = document.getElementById("f-slide"), period = document.getElementById("f-period");
const NONE = { type: "FeatureCollection", features: [] };
let map = null, level = null, hovered = null, areas = NONE, outline = null;

const numbers = () => document.getElementById("numbers");
const row = (number) => document.querySelector(`#areas tr[data-number="${number}"]`);

// Time

function bindSlider() {
  document.getElementById("slide").hidden = false;
  slider.value = period.selectedIndex;
  slider.addEventListener("input", () => { period.selectedIndex = Number(slider.value); });
  period.addEventListener("change", () => { slider.value = period.selectedIndex; });
}

// Colours

function hatch() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = "#9aa5a0";
  pen.beginPath();
  for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); }
  pen.stroke();
  return pen.getImageData(0, 0, 8, 8);
}

function paint() {
  const begun = performance.now();
  const gone = [];
  for (const line of document.querySelectorAll("#areas tr[data-number]")) {
    const id = Number(line.dataset.number);
    if (line.dataset.class === undefined) gone.push(id);
    map.setFeatureState({ source: "areas", id }, { step: Number(line.dataset.class ?? -1) });
  }
  map.setFilter("gone", ["in", ["id"], ["literal", gone]]); // a pattern under every area costs a frame in two
  map.once("idle", () => { place.dataset.painted = (performance.now() - begun).toFixed(1); });
}

async function show() {
  const wanted = numbers().dataset.level;
  if (wanted === level) return paint();
  const answer = await fetch(`/map/areas?level=${wanted}`);
  if (!answer.ok) return;
  areas = await answer.json();
  level = wanted;
  point(null);
  map.removeFeatureState({ source: "areas" });
  map.getSource("areas").setData(areas);
  const bounds = extent(areas);
  if (bounds) map.fitBounds(bounds, { padding: 20, animate: false });
  await new Promise((done) => map.once("idle", done));
  paint();
}

function extent(areas) {
  let [west, south, east, north] = [180, 90, -180, -90];
  const visit = (part) => {
    if (typeof part[0] !== "number") return part.forEach(visit);
    west = Math.min(west, part[0]); east = Math.max(east, part[0]);
    south = Math.min(south, part[1]); north = Math.max(north, part[1]);
  };
  for (const { geometry } of areas.features) visit(geometry.coordinates);
  return west > east ? null : [[west, south], [east, north]];
}

// Pointing

function point(number) {
  if (number === hovered) return;
  hovered = number;
  const line = number === null ? null : row(number);
  trace();
  if (line === null) return;
  const heads = [...document.querySelectorAll("#areas thead th")].map((head) => head.textContent);
  pointed.textContent = [...line.cells].map((cell, at) => (at ? `${heads[at]} ${cell.textContent}` : cell.textContent)).join("　");
}

// The outline of what is pointed at lies over the map: drawn on it, each move of the mouse would paint 3,000 areas anew.

function overlay() {
  map.getCanvasContainer().append(document.getElementById("outline").content.cloneNode(true));
  outline = place.querySelector(".outline path");
  map.on("move", trace);
  map.on("resize", trace);
}

function trace() {
  const geometry = areas.features.find((feature) => feature.id === hovered && row(hovered) !== null)?.geometry;
  const rings = !geometry ? [] : geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const onScreen = (at) => { const { x, y } = map.project(at); return `${x.toFixed(1)} ${y.toFixed(1)}`; };
  outline.setAttribute("d", rings.map((ring) => `M${ring.map(onScreen).join("L")}Z`).join(""));
}

function listen() {
  let at = null;
  map.on("mousemove", (event) => {
    if (at === null) requestAnimationFrame(() => { look(at); at = null; }); // once a frame, wherever it is by then
    at = event.point;
  });
  map.on("click", "fill", (event) => {
    point(event.features[0].id);
    row(event.features[0].id)?.scrollIntoView({ block: "nearest" });
  });
  numbers().parentElement.addEventListener("focusin", pointRow);
  numbers().parentElement.addEventListener("mouseover", pointRow);
}

function look(at) {
  if (map.isMoving()) return;
  const [area] = map.queryRenderedFeatures(at, { layers: ["fill"] });
  if (area) point(area.id);
}

function pointRow(event) {
  const line = event.target.closest("#areas tr[data-number]");
  if (line) point(Number(line.dataset.number));
}

async function draw() {
  const { Map: MapOf, NavigationControl, setWorkerUrl } = await import(place.dataset.library);
  setWorkerUrl(new URL(place.dataset.worker, location.href).href);
  const step = ["coalesce", ["feature-state", "step"], -1];
  map = new MapOf({
    container: place,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { "Map.Title": "地图", "NavigationControl.ZoomIn": "放大", "NavigationControl.ZoomOut": "缩小" },
    style: {
      version: 8,
      sources: {
        areas: { type: "geojson", data: NONE, maxzoom: 11, buffer: 16 }, // below five metres nothing is told apart; fewer tiles to cut
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": "#fafbf9" } },
        { id: "gone", type: "fill", source: "areas", filter: false, paint: { "fill-pattern": "hatch" } },
        {
          id: "fill", type: "fill", source: "areas",
          paint: {
            "fill-color": ["match", step, ...COLOURS.flatMap((colour, at) => [at, colour]), "rgba(255, 255, 255, 0)"],
            "fill-outline-color": "#7c8782",
          },
        },
      ],
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }));
  map.addImage("hatch", hatch());
  await new Promise((done, fail) => { map.once("load", done); map.once("error", (event) => fail(event.error)); });
  overlay();
  listen();
  await show();
  place.dataset.ready = "yes";
}

// The course of one area

function course() {
  const box = document.getElementById("course");
  if (!box || !window.echarts || echarts.getInstanceByDom(box)) return;
  const lines = [...document.querySelectorAll("#course-table tbody tr")];
  const told = lines.map((line) => line.cells[1].dataset.count);
  echarts.init(box).setOption({
    animation: false,
    grid: { left: 36, right: 8, top: 12, bottom: 24 },
    xAxis: { type: "category", data: lines.map((line) => line.cells[0].textContent) },
    yAxis: { type: "value", minInterval: 1 },
    series: [{ type: "line", data: told.map((count) => (count === "" ? null : Number(count))), lineStyle: { color: "#14532d" }, itemStyle: { color: "#14532d" } }],
  });
}

bindSlider();
course();
document.body.addEventListener("htmx:afterSettle", () => { course(); if (map && level) show(); });
draw().catch(() => {
  place.hidden = true;
  pointed.hidden = true;
  document.getElementById("no-map").hidden = false;
});
