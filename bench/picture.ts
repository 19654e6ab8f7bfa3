// The README's picture of the latencies: one group of bars a language, one bar a contestant, on a
// logarithmic scale, with the milliseconds printed. It is drawn twice, for light and for dark pages,
// each on a card of its own, so that it can be read wherever it is shown.

import { BarChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  TitleComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { LANGUAGES } from "../shared/languages.ts";
import type { LatencyRow, Results } from "./results.ts";
import { ms } from "./tables.ts";

use([BarChart, GraphicComponent, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export type ThemeName = "light" | "dark";
type Theme = {
  card: string;
  edge: string;
  ink: string;
  faint: string;
  line: string;
  /** The engine's own contestants. */
  ours: readonly string[];
  /** Everybody else, from near to far. */
  peers: readonly string[];
};

const THEMES: Record<ThemeName, Theme> = {
  light: {
    card: "#ffffff",
    edge: "#d8dee6",
    ink: "#1b2733",
    faint: "#5c6b7a",
    line: "#e8ecf1",
    ours: ["#4f46e5", "#0ea5a0"],
    peers: ["#c3ccd6", "#9aa7b5", "#71808f"],
  },
  dark: {
    card: "#111820",
    edge: "#2a3541",
    ink: "#e8eef4",
    faint: "#93a2b2",
    line: "#212b35",
    ours: ["#8b8af7", "#2dd4bf"],
    peers: ["#465361", "#61707f", "#8392a1"],
  },
};

const TITLE = "From request to output";
const OURS = ["edge", "runner"];
const LABELS: Readonly<Record<string, string>> = {
  edge: "through the edge",
  runner: "at the runner",
  "bare host": "bare process, no sandbox",
  "docker exec": "docker exec, gVisor",
  "docker run": "docker run, gVisor",
};
const FONT =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";
const WIDTH = 880;
const HEAD = 118;
const FOOT = 66;
const LEFT = 126;
const RIGHT = 78;
const BAR = 15;
const GROUP_GAP = 22;

/** The SVG of a run's latencies. Throws when the run has none. */
export function drawPicture(results: Results, themeName: ThemeName): string {
  const rows = results.latency;
  if (rows === undefined) throw new Error("there are no latencies to draw");
  const theme = THEMES[themeName];
  const contestants = [...new Set(rows.map(({ contestant }) => contestant))];
  const languages = [...new Set(rows.map(({ language }) => language))];
  const height = HEAD + languages.length * (contestants.length * (BAR + 2) + GROUP_GAP) + FOOT;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, color: theme.ink },
    title: titleOf(theme),
    legend: legendOf(theme),
    grid: { left: LEFT, right: RIGHT, top: HEAD, bottom: FOOT },
    xAxis: axisOf(rows, theme),
    yAxis: {
      type: "category",
      inverse: true,
      data: languages.map((language) => LANGUAGES[language].name),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.edge } },
      axisLabel: { color: theme.ink, fontSize: 14, fontWeight: 600, margin: 12 },
    },
    series: contestants.map((contestant) => seriesOf(contestant, contestants, rows, theme)),
    graphic: captionOf(results, theme, height),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return onCard(svg, theme, height);
}

function titleOf(theme: Theme) {
  return {
    text: TITLE,
    subtext:
      "Median of one small program, logarithmic; shorter is better. Grey: without this engine.",
    left: 24,
    top: 20,
    itemGap: 8,
    textStyle: { color: theme.ink, fontSize: 20, fontWeight: 700, fontFamily: FONT },
    subtextStyle: { color: theme.faint, fontSize: 13, fontFamily: FONT },
  };
}

function legendOf(theme: Theme) {
  return {
    left: 24,
    top: 80,
    itemWidth: 12,
    itemHeight: 12,
    itemGap: 24,
    icon: "roundRect",
    textStyle: { color: theme.ink, fontSize: 12, fontFamily: FONT },
  };
}

/** From the power of ten below the shortest bar to a little beyond the longest. */
function axisOf(rows: readonly LatencyRow[], theme: Theme) {
  const times = rows.map(({ p50Ms }) => p50Ms);
  return {
    type: "log",
    logBase: 10,
    min: 10 ** Math.floor(Math.log10(Math.min(...times))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...times))),
    axisLabel: { color: theme.faint, fontSize: 12, formatter: "{value} ms" },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line } },
  };
}

function seriesOf(
  contestant: string,
  contestants: readonly string[],
  rows: readonly LatencyRow[],
  theme: Theme,
) {
  const isOurs = OURS.includes(contestant);
  const peers = contestants.filter((other) => !OURS.includes(other));
  const color = isOurs
    ? theme.ours[OURS.indexOf(contestant)]
    : theme.peers[peers.indexOf(contestant) % theme.peers.length];
  return {
    name: LABELS[contestant] ?? contestant,
    type: "bar",
    barWidth: BAR,
    barGap: `${Math.round((2 / BAR) * 100)}%`,
    itemStyle: { color, borderRadius: [0, 3, 3, 0] },
    label: {
      show: true,
      position: "right",
      distance: 6,
      formatter: ({ value }: { value: number }) => `${ms(value)} ms`,
      color: isOurs ? theme.ink : theme.faint,
      fontSize: 12,
      fontWeight: isOurs ? 700 : 400,
      fontFamily: FONT,
    },
    data: rows.filter((row) => row.contestant === contestant).map(({ p50Ms }) => p50Ms),
  };
}

function captionOf(results: Results, theme: Theme, height: number) {
  const { machine, rounds, takenAt } = results;
  const gib = Math.round(machine.memoryBytes / 1024 ** 3);
  const kernel = machine.kernel.split(/[-+]/)[0];
  const text = [
    `${machine.processors} cores of ${machine.model}, ${gib} GB`,
    `Linux ${kernel}`,
    `Docker ${(machine.docker ?? "").split("+")[0]}`,
    `gVisor ${machine.runsc}`,
    `${rounds} rounds in turns`,
    takenAt.slice(0, 10),
  ].join("  ·  ");
  return [
    {
      type: "text",
      left: 29,
      top: height - 32,
      style: { text, fill: theme.faint, font: `12px ${FONT}` },
    },
  ];
}

/**
 * Lays the chart on a card with round corners and gives it a title. What it would do under a pointer
 * goes: a picture has none, and the library numbers those classes on from one chart to the next.
 */
function onCard(svg: string, theme: Theme, height: number): string {
  const [width, tall] = [WIDTH - 1, height - 1];
  const card = `<rect x="0.5" y="0.5" width="${width}" height="${tall}" rx="12" fill="${theme.card}" stroke="${theme.edge}"/>`;
  const still = svg
    .replaceAll(/<style[\s\S]*?<\/style>\n?/g, "")
    .replaceAll(/ (?:class|pointer-events)="[^"]*"/g, "");
  return `${still.replace(/(<svg[^>]*>)/, `$1\n<title>${TITLE}</title>\n${card}`).trim()}\n`;
}
