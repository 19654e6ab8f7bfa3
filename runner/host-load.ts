// Whether this host has processor time and memory to spare, so that sandboxes are made ready when it
// costs nobody anything. Looks at the whole host, because other programs run on it as well.

import { availableParallelism, cpus, freemem } from "node:os";

const SAMPLE_MS = 100;
/** The figure is of the last few samples: long enough to mean something, short enough to act on. */
const SAMPLES = 3;
/** Spare means that this share of one processor has been idle. */
const SPARE_PROCESSORS_MIN = 0.5;

type Sample = { idleMs: number; totalMs: number };

export type HostLoad = {
  /** Whether part of a processor has had nothing to do just now. */
  hasSpareTime: () => boolean;
  /** Whether `bytes` more could be taken without the host getting into need. */
  hasMemory: (bytes: number) => boolean;
  stop: () => void;
};

/** Begins to watch. `read` is how the processors' time is read. */
export function watchHost(read: () => Sample = readProcessors): HostLoad {
  const samples = [read()];
  const timer = setInterval(() => {
    samples.push(read());
    if (samples.length > SAMPLES) samples.shift();
  }, SAMPLE_MS).unref();
  return {
    hasSpareTime: () => idleShare(samples) * availableParallelism() >= SPARE_PROCESSORS_MIN,
    hasMemory: (bytes) => freemem() > bytes,
    stop: () => clearInterval(timer),
  };
}

/** The share of all processors' time between the first and the last sample that was idle. */
function idleShare(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.totalMs <= first.totalMs) return 1;
  return (last.idleMs - first.idleMs) / (last.totalMs - first.totalMs);
}

function readProcessors(): Sample {
  const sample = { idleMs: 0, totalMs: 0 };
  for (const { times } of cpus()) {
    sample.idleMs += times.idle;
    sample.totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return sample;
}
