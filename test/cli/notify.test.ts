/** Who says something by sd_notify(3), and is heard. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { NOTIFY, running, says, shown, withSystemdNotify } from "../support/saying.ts";
import { NOBODY, Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";

const asRoot = process.getuid?.() === 0;
const SOMEBODY_ELSE = "54321";

/** All that was said before was heard as well. */
async function isHeardAfter(site: Site, puppets: Puppets): Promise<void> {
  await puppets.bid("x:0", "says STATUS=mark");
  await says(site, { status: "mark" });
}

suite("who says something", { concurrency: 3 }, () => {
  test("by systemd-notify is heard, and that returns at once", withSystemdNotify, async (t) => {
    const { site, puppets, sentry } = running(t, NOTIFY);
    await puppets.bid("x:0", "systemd-notify --ready --status='up and well'; notes $?");
    await becomes(site, "x:0", "running");
    assert.equal(await puppets.note("x"), "0");
    await says(site, { status: "up and well" });
    await sentry.stop();
  });

  const asAnother = { skip: asRoot ? withSystemdNotify.skip : "only as root" };
  test("by systemd-notify, as the ordinary user of an entry, is heard by a Sentry that is root", asAnother, async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, user: ${NOBODY}`);
    await puppets.bid("x:0", "systemd-notify --ready --status=$(id -u); notes $?");
    await becomes(site, "x:0", "running");
    assert.equal(await puppets.note("x"), "0");
    await says(site, { status: String(NOBODY) });
    await sentry.stop();
  });

  test("is heard as an ordinary user, where Sentry is one", withSystemdNotify, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ${NOTIFY} })`);
    const sentry = site.start();
    await puppets.bid("x:0", "systemd-notify --ready; notes $?");
    await becomes(site, "x:0", "running");
    assert.equal(await puppets.note("x"), "0");
    await sentry.stop();
  });

  test("as root, for a process of another user, is heard; so is that user, and nobody else", { skip: !asRoot && "only as root" }, async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, user: ${NOBODY}`);
    const pid = await puppets.bid("x:0", "notes $(id -u)");
    assert.equal(await puppets.note("x"), String(NOBODY));
    await puppets.say(pid, "-u", SOMEBODY_ELSE, "READY=1", "STATUS=from a stranger");
    await puppets.say(pid, "STATUS=from root");
    await says(site, { status: "from root" });
    assert.equal((await shown(site)).state, "starting");
    await puppets.bid("x:0", "says READY=1");
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });

  test("is whoever the process has started, however far away: the socket says which run is meant", async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, count: 2`);
    await puppets.bid("x:1", "(setsid sh -c 'says() { ../says \"$@\"; }; says READY=1 STATUS=second' &)");
    await becomes(site, "x:1", "running");
    await becomes(site, "x:0", "starting");
    assert.equal((await shown(site)).notify ?? null, null);
    await sentry.stop();
  });

  test("and passes descriptors has them closed at once", withSystemdNotify, async (t) => {
    const { site, puppets, sentry } = running(t, NOTIFY);
    const open = (): number => readdirSync(`/proc/${sentry.pid}/fd`).length;
    await puppets.bid("x:0", "systemd-notify --ready; notes done");
    await becomes(site, "x:0", "running");
    await puppets.note("x");
    const before = open();
    await puppets.bid("x:0", "for n in $(seq 20); do systemd-notify --status=$n; notes $?; done");
    await puppets.note("x", 20);
    await says(site, { status: "20" });
    assert.deepEqual(puppets.noted("x").slice(1), Array<string>(20).fill("0"));
    // What the test itself has asked for meanwhile may be one.
    assert.ok(open() <= before + 1, `${open()} after ${before}`);
    await sentry.stop();
  });

  test("has a socket of its own, and not the one that was given to Sentry", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    const notes = puppets.shell('notes "${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none} ${WATCHDOG_PID-none}"');
    site.config(`entry("x", ${notes}, { ${NOTIFY} }), entry("plain", ${notes})`);
    const sentry = site.start(undefined, { env: { NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "1" } });
    assert.match(await puppets.note("x"), /^@\S+ none none$/);
    assert.equal(await puppets.note("plain"), "none none none");
    await sentry.stop();
  });

  test("says what nobody knows, or too much, makes no mistake, and is heard after it", async (t) => {
    const { site, puppets, sentry } = running(t, NOTIFY);
    await puppets.bid("x:0", "says X_ODD=1 nonsense =5 READY=maybe ERRNO=-x");
    await puppets.bid("x:0", 'says READY=1 STATUS=long "$(head -c 4096 /dev/zero | tr \'\\0\' x)"');
    await puppets.bid("x:0", "says BARRIER=1");
    await isHeardAfter(site, puppets);
    assert.equal((await shown(site)).state, "starting");
    await puppets.bid("x:0", "says X_ODD=1 READY=1");
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });
});
