// What the runner counts and how it is asked for it.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Metrics } from "../../runner/metrics.ts";
import { Failure } from "../../shared/errors.ts";
import { REPORT } from "./kit/report.ts";

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

describe("the metrics", () => {
  it("count executions by outcome and failures by code", async () => {
    const metrics = new Metrics();
    await metrics.count("python", Promise.resolve(REPORT));
    const failed = metrics.count("python", Promise.reject(new Failure("busy")));
    await expect(failed).rejects.toMatchObject({ code: "busy" });
    const text = await metrics.text();
    expect(text).toContain('coderunner_executions_total{language="python",outcome="ok"} 1');
    expect(text).toContain('coderunner_failures_total{code="busy"} 1');
  });

  it("tell how sandboxes were come by and how long that took", async () => {
    const metrics = new Metrics();
    metrics.events.taken("bash", { isOwn: true, waitedMs: 0, when: "at once" });
    metrics.events.taken("bash", { isOwn: false, waitedMs: 400, when: "after a wait" });
    metrics.events.refused("bash");
    const text = await metrics.text();
    expect(text).toContain('takes_total{kind="bash",sandbox="own",when="at once"} 1');
    expect(text).toContain('takes_total{kind="bash",sandbox="unused",when="after a wait"} 1');
    expect(text).toContain('coderunner_queue_seconds_bucket{le="0.25",kind="bash"} 1');
    expect(text).toContain('coderunner_refusals_total{kind="bash"} 1');
  });

  it("read the levels when they are asked for", async () => {
    const metrics = new Metrics();
    let idle = 1;
    const others = { working: 0, cleaning: 0, kept: 0, starting: 0, leaving: 0, unowned: 1 };
    metrics.watch({ count: () => ({ idle, ...others }), waiting: () => 7 });
    idle = 3;
    const text = await metrics.text();
    expect(text).toContain('coderunner_sandboxes{kind="python",state="idle"} 3');
    expect(text).toContain("coderunner_waiting 7");
  });

  it("are answered at one path only", async () => {
    const server = new Metrics().createServer().listen(0, "127.0.0.1");
    closes.push(() => server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found = await fetch(`${url}/metrics`);
    expect(found.headers.get("content-type")).toContain("text/plain");
    expect(await found.text()).toContain("process_resident_memory_bytes");
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
  });
});
