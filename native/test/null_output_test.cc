// Output that goes nowhere: /dev/null, without a pipe.
#include <algorithm>

#include "check.h"
#include "contract.h"
#include "keeping.h"

using namespace contract;

namespace {

constexpr const char* kSays = "readlink /proc/$$/fd/1; readlink /proc/$$/fd/2 >&2";

Request without(bool out, bool err, RunId run = 1) {
  Request request = shell(run, kSays);
  if (out) request.out_sink.reset();
  if (err) request.err_sink.reset();
  request.kept = "a.1 dummy:0";
  return request;
}

// One start, with its child kept here until it has ended.
struct Start {
  explicit Start(Request request, const KeeperLink& keeper = {})
      : spawner(1, [this](Child born) { bear(std::move(born)); }, [this](Fact fact) { facts.add(std::move(fact)); },
                keeper) {
    const RunId run = request.run;
    spawner.spawn(std::move(request));
    spawned = facts.await<SpawnedFact>(run).has_value();
    if (spawned) waitpid(child.pid, &status, 0);
  }

  void bear(Child born) {
    child = std::move(born);
    facts.add(SpawnedFact{child.run, child.pid, child.at});
  }

  Facts facts;
  Child child;
  Spawner spawner;
  bool spawned = false;
  int status = -1;
};

}  // namespace

TEST("a stream without a sink is /dev/null, and has no pipe; the other one is as always") {
  const Start out(without(true, false)), err(without(false, true));
  REQUIRE(out.spawned && err.spawned);
  CHECK(!out.child.out && out.child.out_pipe == 0 && out.child.err && out.child.err_pipe != 0);
  CHECK(out.status == 0 && keeping::read_all(out.child.err).starts_with("pipe:["));
  CHECK(!err.child.err && err.child.err_pipe == 0 && err.child.out && err.child.out_pipe != 0);
  CHECK(err.status == 0 && keeping::read_all(err.child.out).starts_with("pipe:["));
}

TEST("a program without output writes to /dev/null") {
  Request request = without(true, true);
  request.argv[2] = "test /proc/self/fd/1 -ef /dev/null && test /proc/self/fd/2 -ef /dev/null && echo gone && echo gone >&2";
  const Start start(std::move(request));
  REQUIRE(start.spawned);
  CHECK(start.status == 0 && !start.child.out && !start.child.err);
}

TEST("the keeper is given the pipes that there are") {
  for (const bool out : {false, true})
    for (const bool err : {false, true}) {
      const keeping::Place place;
      KeeperLink keeper, successor;
      REQUIRE(!place.start(keeper));
      const Start start(without(out, err), keeper);
      REQUIRE(start.spawned);
      const auto held = keeping::by_label(successor.take(place.path()));
      CHECK(held.contains("out a.1 dummy:0") == !out && held.contains("err a.1 dummy:0") == !err);
      CHECK(held.contains(process_label("a.1 dummy:0", start.child.pid)));
    }
}

TEST("many starts without output leave nothing open") {
  CHECK(no_leaks([] {
    Pair pair;
    for (RunId run = 1; run <= 50; ++run) {
      const auto exit = pair.run_to_end(without(true, true, run));
      CHECK(exit && exit->code == 0);
    }
  }));
}

TEST("what a run without output has left behind is found, and nothing of another one without output") {
  Pair pair;
  Request request = without(true, true);
  request.argv[2] = "setsid sleep 1000 & exit 3";
  request.mark = "mark.1";
  request.env.push_back("SENTRY_RUN=mark.1");
  pair.spawn(std::move(request));
  Request other = without(true, true, 2);
  other.argv[2] = "sleep 1000";
  pair.spawn(std::move(other));
  const auto exit = pair.facts.await<ExitFact>(1);
  REQUIRE(exit);
  CHECK(exit->exit.code == 3 && !exit->alone);
  pair.end(1, SIGKILL);
  CHECK(pair.facts.await<ClearedFact>(1).has_value());
  CHECK(pair.facts.count<ExitFact>() == 1);  // the other one lives
  pair.reap(1);
  pair.end(2, SIGKILL);
  CHECK(pair.facts.await<ExitFact>(2).has_value());
  pair.reap(2);
}
