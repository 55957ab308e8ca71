// What a run has started is ended, however it has detached itself: as root, as an ordinary user, with and without cgroups and
// process events.
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "../cgroup_folder.h"
#include "check.h"
#include "full_table.h"
#include "tree_programs.h"

using namespace contract;
using stranger::elsewhere;
using stranger::kNobody;

namespace {

enum class With { nothing, forks, cgroups };

std::optional<Descent> forks() {
  auto opened = ProcEvents::open(ProcEvents::Scope::forks);
  if (auto* events = std::get_if<ProcEvents>(&opened)) return Descent(std::move(*events));
  return std::nullopt;
}

std::shared_ptr<Cgroups> cgroups() {
  auto opened = Cgroups::open("sentry-test-" + std::to_string(getpid()));
  if (auto* own = std::get_if<Cgroups>(&opened)) return std::make_shared<Cgroups>(std::move(*own));
  return nullptr;
}

// A pair that knows trees in that way; none where that cannot be had here.
struct Place {
  explicit Place(With with)
      : own(with == With::cgroups ? cgroups() : nullptr), descent(with == With::forks ? forks() : std::nullopt) {
    there = with == With::nothing || own || descent;
    if (there) pair.emplace(2, std::nullopt, std::move(descent), own);
  }
  ~Place() {
    pair.reset();
    if (own) own->remove_all();
  }
  std::shared_ptr<Cgroups> own;
  std::optional<Descent> descent;
  std::optional<Pair> pair;
  bool there = false;
};

void in_each_way(const std::function<void(Pair&)>& body) {
  for (const With with : {With::nothing, With::forks, With::cgroups}) {
    CHECK(no_leaks([&] {
      Place place(with);
      if (place.there) body(*place.pair);
    }));
  }
}

void move(int pid, const std::string& cgroup) {
  std::ofstream(cgroup_folder(cgroup_mounts(), cgroup).value_or("") + "/cgroup.procs") << pid;
}

// How often the threads of this process have gone to sleep and were woken, in that time.
long wakings_in(std::chrono::milliseconds time) {
  const auto count = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
  };
  const long before = count();
  std::this_thread::sleep_for(time);
  return count() - before;
}

// All that was asked before is done.
bool settled(Pair& pair) { return pair.run_to_end(request(999, {"/bin/true"})).has_value(); }

}  // namespace

TEST("a process that leaves nothing behind is alone") {
  in_each_way([](Pair& pair) {
    pair.spawn(shell(1, "sleep 0 & wait"));
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(exit->alone);
    pair.reap(1);
  });
}

TEST("what `a & b` has started is gone with it") {
  in_each_way([](Pair& pair) {
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "sleep 1000 & echo there >&3; sleep 1000")));
    witness.line();
    CHECK(clear(pair, 1, SIGTERM));
    CHECK(pair.facts.await<ExitFact>(1)->exit.signal == SIGTERM);
    CHECK(witness.await_over());
  });
}

TEST("a daemon in its own session, without an environment, is gone with its parent, and when it was left behind") {
  in_each_way([](Pair& pair) {
    for (const char* rest : {"sleep 1000", "exit 3"}) {
      Witness witness;
      const RunId run = rest[0];
      pair.spawn(witness.given_to(shell(run, daemon_of("exec sleep 1000") + rest)));
      witness.number();
      if (rest[0] == 'e') {
        const auto exit = pair.facts.await<ExitFact>(run);
        REQUIRE(exit);
        CHECK(!exit->alone);
      }
      CHECK(clear(pair, run, SIGTERM));
      CHECK(witness.await_over());
    }
  });
}

TEST("a grandchild that ignores SIGTERM is there until SIGKILL, and is named meanwhile") {
  in_each_way([](Pair& pair) {
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "sh -c 'trap \"\" TERM; echo $$ >&3; while :; do sleep 1; done' & wait")));
    const int stubborn = witness.number();
    pair.end(1, SIGTERM);
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit && !exit->alone);
    pair.end(1, SIGTERM);
    pair.inspect(1);
    const auto surviving = pair.facts.await<SurvivingFact>(1);
    REQUIRE(surviving);
    CHECK(std::any_of(surviving->survivors.begin(), surviving->survivors.end(), [&](const Survivor& one) {
      return one.pid == stubborn && one.name == "sh" && one.error == 0 && one.state != 'Z';
    }));
    CHECK(pair.facts.count<ClearedFact>() == 0);
    CHECK(clear(pair, 1, SIGKILL));
    CHECK(witness.await_over());
    CHECK(settled(pair));
    CHECK(pair.facts.count<ClearedFact>() == 1);
  });
}

TEST("a stopped process takes its signal") {
  in_each_way([](Pair& pair) {
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "sh -c 'echo $$ >&3; kill -STOP $$' & wait; sleep 1000")));
    const int stopped = witness.number();
    CHECK(until([&] { return state_of(stopped) == 'T'; }));
    CHECK(clear(pair, 1, SIGTERM));
    CHECK(witness.await_over());
  });
}

TEST("who forks while being ended is ended with all of them") {
  in_each_way([](Pair& pair) {
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "trap '' TERM; echo there >&3; while :; do sleep 1000 & sleep 0.01; done")));
    witness.line();
    pair.end(1, SIGTERM);
    CHECK(clear(pair, 1, SIGKILL));
    CHECK(witness.await_over());
  });
}

TEST("a process is told a signal once, however often it is asked for") {
  in_each_way([](Pair& pair) {
    Witness witness;
    // Not a shell's: what that has forked, and what has not called exec yet, would speak for it.
    const char* script = "open F, '>&=3'; $SIG{TERM} = sub { syswrite F, qq(told\\n) }; syswrite F, qq(there\\n); sleep 1 while 1";
    pair.spawn(witness.given_to(request(1, {"/usr/bin/perl", "-e", script})));
    witness.line();
    REQUIRE(pair.facts.await<SpawnedFact>(1));  // until then a start is under way, and is signalled as such
    for (int times = 0; times < 5; ++times) pair.end(1, SIGTERM);
    CHECK(witness.line() == "told");
    for (int times = 0; times < 5; ++times) pair.end(1, SIGTERM);
    CHECK(settled(pair));
    CHECK(clear(pair, 1, SIGKILL));
    CHECK(witness.await_over());  // and has nothing more to be read
  });
}

// Of perl: waits for SIGTERM, and says it when that comes again, to those forked meanwhile as well. Not in the handler, where
// it is blocked.
const std::string kAwaitTerm =
    "$SIG{TERM} = sub { $told++ and syswrite(F, qq(told\n)), exit }; syswrite F, qq($$\n); select undef, undef, undef, 0.01 until $told;";
const std::string kStay = "sleep 1 while 1;";

TEST("what one forks that has been told is its reaction, and is not told, nor is what that forks") {
  in_each_way([](Pair& pair) {
    for (const Scope scope : {Scope::tree, Scope::group}) {
      Witness witness;
      const std::string script = "open F, '>&=3';" + kAwaitTerm + "unless (fork) { fork; syswrite F, qq(hook\n) }" + kStay;
      const RunId run = scope == Scope::tree ? 1 : 2;
      pair.spawn(witness.given_to(request(run, {"/usr/bin/perl", "-e", script})));
      witness.line();
      REQUIRE(pair.facts.await<SpawnedFact>(run));
      pair.end(run, SIGTERM, scope);
      CHECK(witness.line() == "hook");
      CHECK(witness.line() == "hook");
      pair.end(run, SIGTERM, scope);  // they are listed now, however quickly they were forked
      pair.strays();
      CHECK(clear(pair, run, SIGKILL));
      CHECK(witness.await_over());  // and has nothing more to be read
    }
  });
}

TEST("what has lost the parent that had been told is told, whether the run's process lives or has ended") {
  in_each_way([](Pair& pair) {
    for (const bool outlived : {true, false}) {
      Witness witness;
      const std::string script =
          "open F, '>&=3';" + std::string(outlived ? "$SIG{TERM} = 'IGNORE';" : "") + "unless (fork) {" + kAwaitTerm +
          "syswrite F, qq(hook\n) unless fork;" + kStay + "}" + kStay;
      const RunId run = outlived ? 1 : 2;
      pair.spawn(witness.given_to(request(run, {"/usr/bin/perl", "-e", script})));
      const int parent = witness.number();
      REQUIRE(pair.facts.await<SpawnedFact>(run));
      pair.end(run, SIGTERM);
      CHECK(witness.line() == "hook");
      if (!outlived) REQUIRE(pair.facts.await<ExitFact>(run));
      pair.end(run, SIGTERM);
      pair.strays();
      kill(parent, SIGKILL);
      CHECK(witness.line() == "told");
      if (outlived) {
        CHECK(clear(pair, run, SIGKILL));
      } else {
        CHECK(pair.facts.await<ClearedFact>(run));
        pair.reap(run);
      }
      CHECK(witness.await_over());
    }
  });
}

TEST("the group ends, and who has left it does not; the process ends, and nobody else") {
  in_each_way([](Pair& pair) {
    Witness group, apart;
    Request request = shell(1, "sleep 1000 & setsid sh -c 'exec 3>&-; echo there >&4; exec sleep 1000' & exec 4>&-; sleep 1000");
    request.pass = {group.given_to(Request{}).pass[0], apart.given_to(Request{}).pass[0]};
    pair.spawn(request);
    apart.line();
    pair.end(1, SIGTERM, Scope::group);
    const auto exit = pair.facts.await<ExitFact>(1);
    REQUIRE(exit);
    CHECK(!exit->alone);
    pair.end(1, SIGTERM, Scope::group);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    CHECK(group.await_over());
    CHECK(!apart.is_over());
    pair.inspect(1);
    const auto left = pair.facts.await<SurvivingFact>(1);
    REQUIRE(left);
    for (const Survivor& one : left->survivors) kill(one.pid, SIGKILL);
    CHECK(apart.await_over());
    pair.reap(1);
  });
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "sleep 1000 & echo $! >&3; exec sleep 1000")));
    const int other = witness.number();
    pair.end(1, SIGTERM, Scope::process);
    REQUIRE(pair.facts.await<ExitFact>(1));
    pair.end(1, SIGTERM, Scope::process);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    CHECK(state_of(other) != 0 && state_of(other) != 'Z');
    pair.reap(1);
    kill(other, SIGKILL);
    CHECK(until([&] { return state_of(other) == 0; }));  // nobody's, and reaped all the same
  }));
}

TEST("two hundred trees are ended at once") {
  in_each_way([](Pair& pair) {
    Witness witness;
    for (RunId run = 1; run <= 200; ++run) pair.spawn(witness.given_to(shell(run, "sleep 1000 & echo >&3; sleep 1000")));
    for (RunId run = 1; run <= 200; ++run) witness.line();
    for (RunId run = 1; run <= 200; ++run) pair.end(run, SIGTERM);
    for (RunId run = 1; run <= 200; ++run) {
      const auto exit = pair.facts.await<ExitFact>(run);
      REQUIRE(exit);
      if (exit->alone) pair.reap(run);
      else pair.end(run, SIGKILL);
    }
    for (RunId run = 1; run <= 200; ++run) {
      if (pair.facts.await<ExitFact>(run)->alone) continue;
      REQUIRE(pair.facts.await<ClearedFact>(run));
      pair.reap(run);
    }
    CHECK(witness.await_over());
  });
}

TEST("an ordinary user's trees are ended as well") {
  CHECK(elsewhere([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, daemon_of("exec sleep 1000") + "sleep 1000 & exit 0")));
    witness.number();
    if (!clear(pair, 1, SIGTERM)) return 1;
    return witness.await_over() ? 0 : 2;
  }, kNobody) == 0);
}

// What asks for a list gets it when there are descriptors again.
TEST("where no descriptors are left nobody is said to be gone, and who could not be told is told later") {
  for (const With with : {With::nothing, With::cgroups}) {
    CHECK(no_leaks([&] {
      Place place(with);
      if (!place.there) return;
      Pair& pair = *place.pair;
      Witness witness;
      pair.spawn(witness.given_to(shell(1, "setsid sh -c 'echo >&3; exec sleep 1000' & exec sleep 1000")));
      witness.line();
      REQUIRE(pair.facts.await<SpawnedFact>(1));
      {
        const FullTable full;
        pair.end(1, SIGTERM);
        const auto exit = pair.facts.await<ExitFact>(1);
        REQUIRE(exit);
        CHECK(exit->exit.signal == SIGTERM && !exit->alone);
        pair.end(1, SIGTERM);
        for (int times = 0; times < 3; ++times) pair.strays();  // what was asked before the last one is done
        CHECK(pair.facts.count<ClearedFact>() == 0);
      }
      CHECK(pair.facts.await<ClearedFact>(1));
      CHECK(witness.await_over());
      pair.reap(1);
    }));
  }
}

// A list takes its time: the one in between may have ended by the time it is looked at, and its child not be listed yet.
TEST("a run is not said to be cleared as long as its daemon lives, however quickly that has come to be") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spare(true);  // so lists are all there is
    const char* script = "exit if fork; setpgrp; exit if fork; sleep 1000";
    for (RunId run = 1; run <= 100; ++run) {
      Witness witness;
      pair.spawn(witness.given_to(request(run, {"/usr/bin/perl", "-e", script})));
      REQUIRE(pair.facts.await<ExitFact>(run));
      pair.end(run, SIGKILL);
      REQUIRE(pair.facts.await<ClearedFact>(run));
      CHECK(witness.await_over());
      pair.reap(run);
    }
    pair.spare(false);
    CHECK(settled(pair));
  }));
}

TEST("one that is waited for, and has moved to another run's cgroup, keeps nobody awake") {
  CHECK(no_leaks([] {
    Place place(With::cgroups);
    if (!place.there) SKIP("no cgroups");
    Pair& pair = *place.pair;
    Witness witness;
    const char* script = "sh -c 'trap \"\" TERM; echo $$ >&3; while :; do sleep 1000; done' & exec sleep 1000";
    pair.spawn(witness.given_to(shell(1, script)));
    const int stubborn = witness.number();
    pair.end(1, SIGTERM);
    REQUIRE(pair.facts.await<ExitFact>(1));
    pair.end(1, SIGTERM);
    pair.spawn(shell(2, "exec sleep 1000"));
    const auto second = pair.facts.await<SpawnedFact>(2);
    REQUIRE(second);
    move(stubborn, second->cgroup);
    pair.end(2, SIGTERM);
    REQUIRE(pair.facts.await<ExitFact>(2));
    pair.end(2, SIGTERM);
    pair.strays();
    CHECK(wakings_in(1s) < 50);
    CHECK(pair.facts.count<ClearedFact>() == 0);
    for (const RunId run : {1, 2}) pair.end(run, SIGKILL);
    CHECK(pair.facts.await<ClearedFact>(2) && pair.facts.await<ClearedFact>(1));
    CHECK(witness.await_over());
    pair.reap(1);
    pair.reap(2);
  }));
}

TEST("what a run of the scope process leaves in its cgroup is no stray, and the cgroup goes when that has ended") {
  CHECK(no_leaks([] {
    Place place(With::cgroups);
    if (!place.there) SKIP("no cgroups");
    Pair& pair = *place.pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, "env -i sh -c 'exec >/dev/null 2>&1; echo $$ >&3; exec sleep 1000' & read line <&3")));
    const int left = witness.number();
    const std::string path = pair.facts.await<SpawnedFact>(1)->cgroup;
    pair.end(1, SIGKILL, Scope::process);
    REQUIRE(pair.facts.await<ExitFact>(1));
    pair.reap(1);
    REQUIRE(pair.run_to_end(request(2, {"/bin/true"})));
    CHECK(pair.strays().empty());
    CHECK(Cgroup::open(path));
    kill(left, SIGKILL);
    CHECK(witness.await_over());
    CHECK(until([&] { return state_of(left) == 0; }));
    REQUIRE(pair.run_to_end(request(3, {"/bin/true"})));
    CHECK(until([&] { return !Cgroup::open(path); }));
  }));
}
