// The risks of a case as curves over the horizons. All numbers stand in the table beside, and are read from it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("risks");
  if (!table || !window.echarts) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const points = (target) =>
    [...table.querySelectorAll(`tr[data-target="${target}"] td[data-days]`)].map((cell) => ({
      days: Number(cell.dataset.days),
      risk: Number(cell.dataset.risk),
      low: cell.dataset.low === "" ? null : Number(cell.dataset.low),
      high: cell.dataset.high === "" ? null : Number(cell.dataset.high),
    }));
  const figures = [...document.querySelectorAll("[data-curve]")];
  const most = Math.max(...figures.flatMap((one) => points(one.dataset.curve).map((p) => p.high ?? p.risk)));
  // One scale for all, so that they may be compared by eye; round, so that it can be read.
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((s) => s * 4 >= most) ?? 0.25;
  const percent = (share) => `${Math.round(share * 1000) / 10}%`;

  for (const figure of figures) {
    const at = [{ days: 0, risk: 0, low: 0, high: 0 }, ...points(figure.dataset.curve)];
    const band = at.every((p) => p.low !== null && p.high !== null);
    const plain = { type: "line", symbol: "none", silent: true, animation: false, lineStyle: { opacity: 0 } };
    const chart = window.echarts.init(figure, null, { renderer: "canvas" });
    chart.setOption({
      grid: { left: 44, right: 14, top: 10, bottom: 24 },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      xAxis: {
        type: "value", min: 0, max: 180, interval: 30,
        axisLabel: { color: colour("--soft"), formatter: (day) => (day % 90 === 0 || day === 30 ? `${day}天` : "") },
        splitLine: { show: false }, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("--line") } },
      },
      yAxis: {
        type: "value", min: 0, max: step * 4, interval: step * 2,
        axisLabel: { color: colour("--soft"), formatter: percent },
        splitLine: { lineStyle: { color: colour("--line") } },
      },
      series: [
        ...(band
          ? [
              { ...plain, stack: "band", data: at.map((p) => [p.days, p.low]) },
              { ...plain, stack: "band", data: at.map((p) => [p.days, p.high - p.low]), areaStyle: { color: colour("--deep"), opacity: 0.16 } },
            ]
          : []),
        { type: "line", silent: true, animation: false, symbol: "circle", symbolSize: (value) => (value[0] === 0 ? 0 : 7),
          data: at.map((p) => [p.days, p.risk]), lineStyle: { color: colour("--deep"), width: 2 }, itemStyle: { color: colour("--deep") } },
      ],
    });
    new ResizeObserver(() => chart.resize()).observe(figure);
  }
});
