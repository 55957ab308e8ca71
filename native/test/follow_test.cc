// A program that forks itself away: the process that it has left is taken up in its place.
#include "check.h"
#include "tree_programs.h"

using namespace contract;

namespace {


bool over(Pair& pair, RunId run, bool alone) {
  const auto exit = pair.facts.await<ExitFact>(run);
  return exit && exit->alone == alone;
}

// The exit of that process of the run.
std::optional<ExitFact> exit_of(Pair& pair, int pid) {
  return pair.facts.await_that<ExitFact>([pid](const ExitFact& fact) { return fact.exit.pid == pid; });
}

}  // namespace

TEST("the only process that was left is the run's now, and its exit is true") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, daemon_of("trap \"exit 7\" TERM; sleep 1000 & wait") + "exit 0")));
    const int daemon = witness.number();
    const auto spawned = pair.facts.await<SpawnedFact>(1);
    REQUIRE(spawned && over(pair, 1, false));
    pair.follow(1);
    const auto followed = pair.facts.await<FollowedFact>(1);
    REQUIRE(followed);
    CHECK(followed->pid == daemon && followed->start_ticks == start_ticks(daemon));
    CHECK(followed->out_pipe == spawned->out_pipe && followed->err_pipe == spawned->err_pipe);
    CHECK(state_of(spawned->pid) == 'Z');
    pair.reap(1);
    CHECK(until([&] { return state_of(spawned->pid) == 0; }));
    pair.signal(1, SIGTERM);
    const auto exit = exit_of(pair, daemon);
    REQUIRE(exit);
    CHECK(exit->exit.code == 7 && !exit->alone);  // its sleep is still there
    CHECK(state_of(daemon) == 'Z');
    pair.end(1, SIGTERM);
    REQUIRE(pair.facts.await<ClearedFact>(1));
    pair.reap(1);
    CHECK(until([&] { return state_of(daemon) == 0; }));
    CHECK(witness.await_over());
  }));
}

TEST("one in between is followed, and after it the one that it has left") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    stranger::Pipe go;
    const std::string leaves_daemon = "sh -c 'echo $$ >&3; (sh -c \"echo \\$\\$ >&3; exec sleep 1000\" &); read line <&4'";
    Request request = witness.given_to(shell(1, leaves_daemon + " & exit 0"));
    request.pass.push_back(go.from.get());
    pair.spawn(request);
    const int between = witness.number(), daemon = witness.number();
    REQUIRE(over(pair, 1, false));
    pair.follow(1, between);
    REQUIRE(pair.facts.await<FollowedFact>(1));
    pair.reap(1);
    go.to.reset();
    const auto exit = exit_of(pair, between);
    REQUIRE(exit);
    CHECK(!exit->alone);
    pair.follow(1);
    REQUIRE(pair.facts.await_that<FollowedFact>([&](const FollowedFact& fact) { return fact.pid == daemon; }));
    pair.reap(1);
    pair.end(1, SIGTERM);
    const auto last = exit_of(pair, daemon);
    REQUIRE(last);
    CHECK(last->exit.signal == SIGTERM && last->alone);
    pair.reap(1);
    CHECK(witness.await_over());
  }));
}

TEST("of several nobody is guessed: they are named, and so is what tells; the pid of one does") {
  CHECK(no_leaks([] {
    Pair pair;
    Witness witness;
    pair.spawn(witness.given_to(shell(1, daemon_of("exec sleep 1000") + daemon_of("exec sleep 1001") + "exit 0")));
    const int one = witness.number(), other = witness.number();
    CHECK(until([&] { return read_stat(other).value_or(ProcStat{}).name == "sleep"; }));
    CHECK(until([&] { return read_stat(one).value_or(ProcStat{}).name == "sleep"; }));
    REQUIRE(over(pair, 1, false));
    pair.follow(1);
    const auto astray = pair.facts.await<AstrayFact>(1);
    REQUIRE(astray);
    CHECK(astray->error == 0 && astray->message.find("pidFile") != std::string::npos);
    for (const int pid : {one, other})
      CHECK(astray->message.find(std::to_string(pid) + " (sleep)") != std::string::npos);
    pair.follow(1, 1);
    const auto gone = pair.facts.await_that<AstrayFact>([](const AstrayFact& fact) { return fact.error != 0; });
    REQUIRE(gone);
    CHECK(gone->error == ESRCH);
    pair.follow(1, other);
    const auto followed = pair.facts.await<FollowedFact>(1);
    REQUIRE(followed);
    CHECK(followed->pid == other);
    pair.reap(1);
    pair.end(1, SIGTERM);
    const auto exit = exit_of(pair, other);
    REQUIRE(exit);
    if (!exit->alone) {
      pair.end(1, SIGTERM);
      REQUIRE(pair.facts.await<ClearedFact>(1));
    }
    pair.reap(1);
    CHECK(witness.await_over());  // the other one was of the run as well
  }));
}

TEST("where nothing was left, that is said") {
  CHECK(no_leaks([] {
    Pair pair;
    pair.spawn(shell(1, "exit 0"));
    REQUIRE(over(pair, 1, true));
    pair.follow(1);
    const auto astray = pair.facts.await<AstrayFact>(1);
    REQUIRE(astray);
    CHECK(astray->error == 0 && astray->message == "it has left no process behind");
    pair.reap(1);
  }));
}
