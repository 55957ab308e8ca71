import { strict as assert } from "node:assert";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findConfig, possibleConfigs } from "../../src/config/find.ts";
import { SentryError } from "../../src/errors.ts";
import { inFolder } from "./folder.ts";

const kept = ".sentry/conf";

test("a path is taken as it is, and its links are resolved", async () => {
  await inFolder({ "real/web.ts": "", "noending": "" }, (folder) => {
    symlinkSync("real/web.ts", join(folder, "link.ts"));
    assert.equal(findConfig("real/web.ts", "/h", folder), join(folder, "real/web.ts"));
    assert.equal(findConfig("link.ts", "/h", folder), join(folder, "real/web.ts"));
    assert.equal(findConfig("./noending", "/h", folder), join(folder, "noending"));
    assert.equal(findConfig(join(folder, "real/web.ts"), "/h", "/"), join(folder, "real/web.ts"));
  });
});

test("a name is looked up here, and then among the user's configurations", async () => {
  await inFolder({ "web.ts": "", [`home/${kept}/web.ts`]: "", [`home/${kept}/my.db.ts`]: "", "db": "" }, (folder) => {
    const home = join(folder, "home");
    assert.equal(findConfig("web", home, folder), join(folder, "web.ts"));
    assert.equal(findConfig("web", home, home), join(home, kept, "web.ts"));
    assert.equal(findConfig("my.db", home, folder), join(home, kept, "my.db.ts"));
  });
});

test("without a name it is sentry.ts, here or among the user's", async () => {
  await inFolder({ "here/sentry.ts": "", [`${kept}/sentry.ts`]: "" }, (folder) => {
    assert.equal(findConfig(undefined, folder, join(folder, "here")), join(folder, "here/sentry.ts"));
    assert.equal(findConfig(undefined, folder, folder), join(folder, kept, "sentry.ts"));
  });
});

test("what is not found is told with all places that were tried", async () => {
  await inFolder({ "web.ts/x": "" }, (folder) => {
    const message = (name?: string) => {
      try {
        return findConfig(name, folder, folder);
      } catch (error) {
        assert.ok(error instanceof SentryError);
        assert.deepEqual([error.code, error.exitCode], ["E_CONFIG_MISSING", 2]);
        return error.message;
      }
    };
    assert.equal(message("web"), `no configuration found: tried ${folder}/web.ts, ${folder}/${kept}/web.ts`);
    assert.equal(message("./x.ts"), `no configuration found: tried ${folder}/x.ts`);
    assert.match(message() ?? "", /sentry\.ts, .*sentry\.ts \(`sentry init` writes one\)$/);
  });
});

test("that of a running Sentry is what is found, or else whatever it may have been", async () => {
  await inFolder({ "real/web.ts": "", [`home/${kept}/web.ts`]: "" }, (folder) => {
    const home = join(folder, "home");
    symlinkSync("real", join(folder, "link"));
    assert.deepEqual(possibleConfigs("link/web.ts", home, folder), [join(folder, "real/web.ts"), join(folder, "real/web.ts")]);
    assert.deepEqual(possibleConfigs("link/gone.ts", home, folder), [join(folder, "real/gone.ts")]);
    assert.deepEqual(possibleConfigs("gone/web.ts", home, folder), [join(folder, "gone/web.ts")]);
    const [first, ...more] = possibleConfigs("web", home, folder);
    assert.deepEqual([first, more], [join(home, kept, "web.ts"), [join(folder, "web.ts"), join(home, kept, "web.ts")]]);
  });
});
