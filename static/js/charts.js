// Plots drawn from the tables beside them: what a screen reader reads is what the eye sees.
"use strict";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const LOOKS = [
  { borderColor: colour("--rg-leaf"), backgroundColor: "#2f6b4f18", fill: true, borderWidth: 2.5 },
  { borderColor: colour("--rg-crema"), borderDash: [5, 5], borderWidth: 2 },
];

Chart.defaults.locale = document.documentElement.lang;
Chart.defaults.font.family = colour("--rg-sans");
Chart.defaults.color = colour("--rg-ink-2");

function draw(canvas) {
  const table = document.getElementById(canvas.dataset.chart);
  const rows = [...table.tBodies[0].rows];
  const names = [...table.tHead.querySelectorAll("[data-series]")].map((cell) => cell.dataset.series);
  const datasets = names.map((label, column) => ({
    label,
    data: rows.map((row) => Number(row.cells[column + 1].dataset.value)),
    tension: 0.35,
    pointRadius: 0,
    ...LOOKS[column % LOOKS.length],
  }));
  new Chart(canvas, {
    type: "line",
    data: { labels: rows.map((row) => row.cells[0].dataset.label), datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { align: "end", labels: { boxWidth: 18, boxHeight: 2 } } },
      scales: { x: { grid: { display: false } }, y: { beginAtZero: true, grid: { color: colour("--rg-line") } } },
    },
  });
}

document.querySelectorAll("canvas[data-chart]").forEach(draw);
