// Webhooks: where they may be, what they are told and how that is signed, how often it is tried, and
// what their owner can see of it.

import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DELIVERY_MEMORY_MS, WEBHOOK_RETRIES_MS } from "../../shared/limits.ts";
import { signedHeaders } from "../../worker/courier/deliver.ts";
import { refuseBadWebhook } from "../../worker/webhook-url.ts";
import { client } from "./kit/client.ts";
import { courierFor } from "./kit/courier.ts";
import { errorOf, PROGRAM, REPORT } from "./kit/gateway.ts";
import { linesOf, refusal, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const URL_OF_HOOK = "https://hooks.agents.dev/done?who=me";

type Log = {
  webhook: string;
  state: string;
  nextAttemptAt: string | null;
  attempts: { number: number; status: number | null; error: string | null; duration: number }[];
};

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** A caller whose executions end at once, and their webhook's receiver. */
async function hooked(face: "api" | "v1" = "api", execute = ended) {
  clockAt(START_MS);
  const own = await client(sessionRunner(execute));
  const courier = courierFor(own.g, own.accountId);
  const program = { ...PROGRAM, detach: true, webhook: URL_OF_HOOK };
  const response = await own.g.run(own.apiKey, program, `/${face}/execute`);
  const { id } = await response.json<{ id: string }>();
  const { secret } = await (await own.call("GET", "/api/webhook-secret")).json<{
    secret: string;
  }>();
  const log = async () =>
    await (await own.call("GET", `/api/executions/${id}/deliveries`)).json<Log>();
  return { ...own, ...courier, id, secret, log };
}

function ended(): Response {
  return linesOf([
    { type: "start", version: "3.13.5" },
    { type: "end", report: REPORT },
  ]);
}

describe("the receiver of a webhook", () => {
  it.each(["api", "v1"] as const)(
    "is told all of the execution once, in the words of /%s, signed",
    async (face) => {
      const { ring, sent, id, secret, call, log } = await hooked(face);
      expect(await ring()).toBe(true);
      expect(sent).toHaveLength(1);
      const [{ url, headers, body, redirect } = expect.fail()] = sent;
      expect({ url, redirect }).toEqual({ url: URL_OF_HOOK, redirect: "manual" });
      const told = new Webhook(secret).verify(body, Object.fromEntries(headers));
      const shown = await (await call("GET", `/${face}/executions/${id}`)).json();
      const timestamp = new Date(START_MS).toISOString();
      expect(told).toEqual({ type: "execution.finished", timestamp, data: shown });
      expect(headers.get("webhook-id")).toBe(id);
      expect(await log()).toMatchObject({
        webhook: URL_OF_HOOK,
        state: "delivered",
        nextAttemptAt: null,
        attempts: [{ number: 1, status: 204, error: null }],
      });
    },
  );

  it("that fails is tried again, ever more rarely, and then no more", async () => {
    const { ring, alarmAt, sent, receiver, log, secret } = await hooked();
    receiver.answer = () => new Response("no", { status: 500 });
    const waitsMs: number[] = [];
    for (let tries = 1; tries <= WEBHOOK_RETRIES_MS.length + 1; tries += 1) {
      const lastMs = Date.now();
      await ring();
      expect(sent).toHaveLength(tries);
      if (tries <= WEBHOOK_RETRIES_MS.length) {
        const nextMs = (await alarmAt()) ?? 0;
        waitsMs.push(nextMs - lastMs);
        expect(await log()).toMatchObject({
          state: "delivering",
          nextAttemptAt: new Date(nextMs).toISOString(),
        });
        clockAt(nextMs);
      }
    }
    expect(waitsMs).toEqual(WEBHOOK_RETRIES_MS);
    const { state, attempts } = await log();
    expect(state).toBe("given_up");
    expect(attempts.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500]);
    expect(new Set(sent.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers.get("webhook-timestamp"))).size).toBe(5);
    for (const { body, headers } of sent.slice(-1)) {
      new Webhook(secret).verify(body, Object.fromEntries(headers));
    }
  });

  it("that comes to itself is told, and then no more", async () => {
    const { ring, alarmAt, sent, receiver, log } = await hooked();
    receiver.answer = () => Promise.reject(new Error("connect to 10.0.0.1 refused"));
    await ring();
    receiver.answer = () => new Response(null, { status: 200 });
    clockAt((await alarmAt()) ?? 0);
    await ring();
    const { state, attempts } = await log();
    expect(state).toBe("delivered");
    expect(attempts).toMatchObject([
      { number: 1, status: null, error: "It could not be reached." },
      { number: 2, status: 200, error: null },
    ]);
    expect(sent).toHaveLength(2);
    clockAt(Date.now() + DELIVERY_MEMORY_MS);
    await ring();
    expect(sent).toHaveLength(2);
    expect(await alarmAt()).toBeNull();
    expect(await log()).toEqual({ webhook: null, state: null, attempts: [] });
  });

  it("that redirects is not followed", async () => {
    const { ring, sent, receiver, log } = await hooked();
    receiver.answer = () =>
      new Response(null, { status: 302, headers: { Location: "http://127.0.0.1/" } });
    await ring();
    expect(sent).toHaveLength(1);
    expect((await log()).attempts).toMatchObject([{ status: 302, error: "It answered 302." }]);
  });

  it("hears of an execution that came to nothing", async () => {
    const begun = () =>
      linesOf([
        { type: "start", version: "3" },
        { type: "failed", error },
      ]);
    const error = { code: "runner_fault", message: "the sandbox is gone" };
    const { ring, sent, fake, id } = await hooked("api", begun);
    fake.executions.set(id, { error });
    clockAt(START_MS + 60_000);
    await ring();
    expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({
      data: { id, state: "failed", error: { code: "runner_fault" } },
    });
  });

  it("hears nothing of one that was refused to whoever asked", async () => {
    const { ring, sent } = await hooked("api", () => refusal("busy"));
    expect(await ring()).toBe(false);
    expect(sent).toEqual([]);
  });

  it("hears nothing of one that was removed from the history first", async () => {
    const { ring, sent, call, id } = await hooked();
    expect((await call("DELETE", `/api/executions/${id}`)).status).toBe(204);
    await ring();
    expect(sent).toEqual([]);
  });
});

describe("a webhook's secret", () => {
  it("is the account's own, always the same, and only for its owner", async () => {
    const { secret, call, g } = await hooked();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const again = await call("GET", "/api/webhook-secret");
    expect(await again.json()).toEqual({ secret });
    expect((await hooked()).secret).not.toBe(secret);
    expect((await g.send("/api/webhook-secret")).status).toBe(401);
  });

  it("signs as Standard Webhooks says", () => {
    const body = '{"test": 2432232314}';
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    expect(signedHeaders(secret, id, body, new Date(1_614_265_330_000))).toMatchObject({
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });
});

describe("a webhook's address", () => {
  it.each([
    "https://hooks.agents.dev",
    "https://hooks.agents.dev:443/a/b?c=d",
    "https://xn--bcher-kva.de/",
    "https://1.agents.dev/",
  ])("may be %s", (url) => {
    expect(() => refuseBadWebhook(url, "public")).not.toThrow();
  });

  it.each([
    "",
    "hooks",
    "//hooks.agents.dev/",
    "http://hooks.agents.dev/",
    "ftp://hooks.agents.dev/",
    "javascript:alert(1)",
    "https://me:secret@hooks.agents.dev/",
    "https://me@hooks.agents.dev/",
    "https://hooks.agents.dev:8443/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://10.0.0.1./",
    "https://93.184.216.34/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fe80::1]/",
    "https://localhost/",
    "https://localhost../",
    "https://foo.internal../",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://printer/",
    "https://metadata.google.internal/",
    "https://router.lan/",
    "https://printer.local/",
    "https://1.0.0.127.in-addr.arpa/",
    `https://agents.dev/${"x".repeat(2100)}`,
  ])("may not be %s", async (url) => {
    expect(() => refuseBadWebhook(url, "public")).toThrow(/webhook/);
    const { call, fake } = await client();
    const body = { ...PROGRAM, detach: true, webhook: url };
    const response = await call("POST", "/api/execute", body);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("webhook");
    expect(fake.executed).toEqual([]);
  });

  it.each(["http://10.0.0.1:8080/x", "https://printer.local/", "http://localhost/"])(
    "may be %s where the operator allows any",
    (url) => {
      expect(() => refuseBadWebhook(url, "any")).not.toThrow();
      expect(() => refuseBadWebhook("ftp://10.0.0.1/", "any")).toThrow();
    },
  );
});
