// A complete set of made-up figures, so that what is computed from them can be told in advance.

import type { Results } from "../../bench/results.ts";

const row = (language: "bash" | "python", contestant: string, p50Ms: number) => ({
  ...{ language, contestant, count: 50, p50Ms },
  p99Ms: p50Ms * 2,
  minMs: p50Ms / 2,
});

/** Figures that reach some targets and miss others. */
export function someResults(): Results {
  return {
    takenAt: "2026-11-22T12:00:00.000Z",
    rounds: 50,
    machine: {
      processors: 2,
      model: "Some <Model> & Co",
      memoryBytes: 24 * 1024 ** 3,
      kernel: "6.18.0-1-amd64",
      docker: "20.10.24",
      runsc: "20240729.0",
      node: "24.21.0",
    },
    latency: [
      row("bash", "edge", 10),
      row("bash", "runner", 5),
      row("bash", "bare host", 4),
      row("bash", "docker exec", 80),
      row("bash", "docker run", 500),
      row("python", "edge", 30),
      row("python", "runner", 6),
      row("python", "bare host", 18),
      row("python", "docker exec", 120),
      row("python", "docker run", 600),
    ],
    first: [
      { language: "bash", idleMs: 66_000, warmMs: 5, warmCount: 10, firstMs: [8, 40, 9] },
      { language: "python", idleMs: 66_000, warmMs: 5, warmCount: 10, firstMs: [11, 12, 10] },
    ],
    burst: {
      ...{ language: "python", size: 50, dockerRuns: 25, dockerRunsMs: 15_000 },
      bursts: [
        { ms: 2_000, succeeded: 50 },
        { ms: 9_000, succeeded: 50 },
        { ms: 2_400, succeeded: 50 },
      ],
    },
    sustained: [
      {
        language: "python",
        runner: [
          { concurrency: 1, done: 200, failed: 0, ms: 10_000, perSecond: 20 },
          { concurrency: 2, done: 260, failed: 0, ms: 10_000, perSecond: 26 },
        ],
        containers: [
          { concurrency: 1, done: 20, failed: 0, ms: 10_000, perSecond: 2 },
          { concurrency: 2, done: 30, failed: 0, ms: 10_000, perSecond: 3 },
        ],
      },
    ],
    compiled: [
      {
        ...{ language: "c", rounds: 20, freshMs: 120, bareFreshMs: 60 },
        ...{ againMs: 18, bareAgainMs: 1.5 },
      },
    ],
    sessions: {
      cells: [
        { language: "python", contestant: "runner", count: 50, p50Ms: 2.5, p99Ms: 6 },
        { language: "python", contestant: "runner, frozen before", count: 5, p50Ms: 5.5, p99Ms: 9 },
        { language: "python", contestant: "edge", count: 50, p50Ms: 6, p99Ms: 11 },
        { language: "ruby", contestant: "runner", count: 50, p50Ms: 9, p99Ms: 16 },
      ],
      files: [
        { direction: "up", bytes: 1024 ** 2, count: 50, p50Ms: 12 },
        { direction: "down", bytes: 1024 ** 2, count: 50, p50Ms: 31 },
      ],
    },
    kept: {
      ...{ language: "python", sessions: 100, bytesEach: 40 * 1024 ** 2 },
      idle: {
        ...{ sandboxes: 108, seconds: 20, runnerCpuMs: 12 },
        cpuMs: { sandbox: 108, programs: 54, gofer: 0, shim: 54 },
      },
    },
    idle: {
      ...{ sandboxes: 25, seconds: 20, runnerCpuMs: 12 },
      cpuMs: { sandbox: 100, programs: 50, gofer: 50, shim: 300 },
    },
    edge: {
      count: 2000,
      edge: { p50Ms: 4, p99Ms: 9 },
      stub: { p50Ms: 0.5, p99Ms: 1 },
      full: {
        atOnce: 32,
        done: 6000,
        ms: 10_000,
        cpuMs: 8_000,
        perSecond: 600,
        perCoreSecond: 750,
      },
      half: { perSecond: 300, count: 3000, p50Ms: 5, p99Ms: 22 },
    },
    memory: [
      {
        ...{ sandboxKind: "bash", sandboxes: 4, totalBytes: 20 * 1024 ** 2 },
        partBytes: {
          sandbox: 9 * 1024 ** 2,
          programs: 3 * 1024 ** 2,
          gofer: 5 * 1024 ** 2,
          shim: 3 * 1024 ** 2,
        },
      },
    ],
  };
}
