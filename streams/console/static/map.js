// Draws the map: points from the JSON of this very address, marks from the lists beside it, colours from the legend.
(() => {
  "use strict";
  const STEPS = 1000; // item_map.STEPS
  const canvas = document.getElementById("map");
  if (!canvas) return;
  const pen = canvas.getContext("2d");
  let points = null;

  function groundOf(element) { return getComputedStyle(element).backgroundColor; }

  // A canvas does not know the colours that the style names; an element that has one does.
  function inkOf(kind) {
    const probe = document.createElement("span");
    probe.className = kind;
    canvas.after(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }

  function size() {
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    return box;
  }

  // The vertical axis of a picture points up.
  function draw() {
    const { width, height } = size();
    const at = (x, y) => [x * width, (1 - y) * height];
    pen.clearRect(0, 0, width, height);
    if (points) drawPoints(at);
    drawNames(at, width);
    drawMarks(at);
    canvas.dataset.drawn = points ? points.x.length : 0;
  }

  function drawPoints(at) {
    const colours = [...document.querySelectorAll("#categories .swatch")].map(groundOf);
    const side = points.x.length > 5000 ? 2 : points.x.length > 500 ? 3 : 5;
    pen.globalAlpha = 0.75;
    for (let category = 0; category < colours.length; category++) {
      pen.fillStyle = colours[category];
      for (let each = 0; each < points.x.length; each++) {
        if (points.category[each] !== category) continue;
        const [x, y] = at(points.x[each] / STEPS, points.y[each] / STEPS);
        pen.fillRect(x - side / 2, y - side / 2, side, side);
      }
    }
    pen.globalAlpha = 1;
  }

  // Names at the middle of their points; one that would cover another moves down.
  function drawNames(at, width) {
    const taken = [];
    for (const each of document.querySelectorAll("#categories [data-name]")) {
      if (each.querySelector(".swatch.cx")) continue; // all others together lie nowhere
      const [x, y] = at(Number(each.dataset.x), Number(each.dataset.y));
      write(each.dataset.name, x, y, "600 13px system-ui, sans-serif", inkOf(""), taken, width);
    }
    for (const each of document.querySelectorAll("[data-mark=interest]")) {
      const [x, y] = at(Number(each.dataset.x), Number(each.dataset.y));
      write(`★ ${each.dataset.name}`, x, y, "600 14px system-ui, sans-serif", inkOf("accent"), taken, width);
    }
  }

  function write(words, x, y, font, colour, taken, width) {
    pen.font = font;
    const half = pen.measureText(words).width / 2;
    const left = Math.min(Math.max(x - half, 2), Math.max(width - 2 * half - 2, 2));
    let top = Math.max(y - 28, 2);
    while (taken.some((other) => left < other.right && left + 2 * half > other.left && Math.abs(top - other.top) < 17)) top += 17;
    taken.push({ left, right: left + 2 * half, top });
    pen.textBaseline = "top";
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    pen.strokeStyle = groundOf(canvas);
    pen.strokeText(words, left, top);
    pen.fillStyle = colour;
    pen.fillText(words, left, top);
  }

  function drawMarks(at) {
    pen.lineWidth = 2;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    for (const each of document.querySelectorAll("[data-mark=recent]")) {
      const [x, y] = at(Number(each.dataset.x), Number(each.dataset.y));
      pen.strokeStyle = inkOf("warning");
      pen.beginPath();
      pen.moveTo(x, y - 7); pen.lineTo(x + 7, y); pen.lineTo(x, y + 7); pen.lineTo(x - 7, y);
      pen.closePath();
      pen.stroke();
    }
    // The closest one last, so that it is on top.
    [...document.querySelectorAll("[data-mark=found]")].map((each, number) => [each, number]).reverse().forEach(([each, number]) => {
      const [x, y] = at(Number(each.dataset.x), Number(each.dataset.y));
      pen.fillStyle = inkOf("accent");
      pen.beginPath();
      pen.arc(x, y, 9, 0, 2 * Math.PI);
      pen.fill();
      pen.fillStyle = groundOf(canvas);
      pen.fillText(String(number + 1), x, y + 0.5);
    });
    const item = document.querySelector("[data-mark=item]");
    if (item) {
      const [x, y] = at(Number(item.dataset.x), Number(item.dataset.y));
      pen.strokeStyle = inkOf("bad");
      pen.lineWidth = 4;
      pen.beginPath();
      pen.moveTo(x - 10, y); pen.lineTo(x + 10, y); pen.moveTo(x, y - 10); pen.lineTo(x, y + 10);
      pen.stroke();
    }
    pen.textAlign = "start";
  }

  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const part = (value) => Math.min(Math.max(value, 0), 1).toFixed(4);
    const here = new URL(location.href);
    here.searchParams.set("near", `${part((event.clientX - box.left) / box.width)},${part(1 - (event.clientY - box.top) / box.height)}`);
    location.assign(here);
  });
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  fetch(location.href, { headers: { Accept: "application/json" } })
    .then((answer) => answer.json())
    .then((view) => { points = view.points; draw(); });
})();
