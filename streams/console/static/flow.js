// The page of the flow: the table comes with the stream, the charts ask for what is new.
(() => {
  "use strict";
  const KEPT_S = 600;
  const STAGES = ["normalise", "identity", "catalogue", "profile", "letters"];
  // Told apart by dashes as well as by colour.
  const DASHES = [[], [8, 3], [2, 3], [8, 3, 2, 3], [4, 4]];
  const INKS = ["--accent", "--good", "--warn", "--bad", "--faint"];

  const charts = [];
  let data = { at_s: [] };
  for (const name of ["age_s", "rate_per_s"]) data[name] = Object.fromEntries(STAGES.map((stage) => [stage, []]));
  let asking = false;

  // The colours of the sheet, as the canvas needs them: light-dark() is resolved by an element that wears it.
  function ink(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }

  // As the rest of the page shows them: UTC, or the reader's own time.
  function clock(at_s) {
    const at = new Date(at_s * 1000);
    return localStorage.getItem("braid-zone") === "own" ? at.toTimeString().slice(0, 8) : at.toISOString().slice(11, 19);
  }

  function chart(place) {
    const axis = { stroke: ink("--faint"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1 } };
    const options = {
      width: place.clientWidth,
      height: 220,
      scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
      axes: [{ ...axis, space: 90, values: (_, marks) => marks.map(clock) }, { ...axis, size: 56 }],
      series: [
        { label: place.dataset.time, value: (_, at) => (at ? clock(at) : "–") },
        ...STAGES.map((stage, at) => ({ label: stage, stroke: ink(INKS[at]), width: 2, dash: DASHES[at], points: { show: false } })),
      ],
    };
    return new uPlot(options, rows(place.dataset.series), place);
  }

  function rows(name) {
    return [data.at_s, ...STAGES.map((stage) => data[name][stage])];
  }

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const since = data.at_s.at(-1) ?? 0;
      const answer = await fetch(`/operations/history?since=${since}`, { headers: { Accept: "application/json" } });
      if (answer.ok) add(await answer.json());
    } catch {
      // The badge says that nothing comes; the next part of the stream asks again.
    } finally {
      asking = false;
    }
  }

  function add(more) {
    data.at_s.push(...more.at_s);
    const n_old = data.at_s.findIndex((at) => at >= data.at_s.at(-1) - KEPT_S);
    data.at_s.splice(0, n_old);
    for (const name of ["age_s", "rate_per_s"]) {
      for (const stage of STAGES) {
        data[name][stage].push(...more[name][stage]);
        data[name][stage].splice(0, n_old);
      }
    }
    for (const { place, drawn } of charts) drawn.setData(rows(place.dataset.series));
  }

  document.addEventListener("DOMContentLoaded", () => {
    const flow = document.getElementById("flow");
    if (!flow) return;
    for (const place of document.querySelectorAll(".chart [data-series]")) charts.push({ place, drawn: chart(place) });
    addEventListener("resize", () => {
      for (const { place, drawn } of charts) drawn.setSize({ width: place.clientWidth, height: 220 });
    });
    document.addEventListener(`part-${flow.dataset.channel}`, (event) => {
      flow.innerHTML = event.detail.data;
      flow.dispatchEvent(new Event("htmx:after:swap", { bubbles: true })); // times in the reader's zone
      ask();
    });
    ask();
  });
})();
