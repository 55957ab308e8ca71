// Output without a pipe: to nowhere, which is /dev/null, or to our own stdout and stderr.
#include <sys/stat.h>

#include <algorithm>
#include <memory>

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

// One of our standard descriptors, for as long as this lives: the same open file as `other`, and CLOEXEC as Node makes it.
class Standard {
 public:
  Standard(int number, const Fd& other) : number_(number), before_(fcntl(number, F_DUPFD_CLOEXEC, 3)) {
    std::fflush(nullptr);
    dup3(other.get(), number, O_CLOEXEC);
  }
  ~Standard() { dup2(before_.get(), number_); }
  Standard(const Standard&) = delete;
  Standard& operator=(const Standard&) = delete;

 private:
  const int number_;
  const Fd before_;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    static_cast<void>(pipe2(ends, O_CLOEXEC));
    read.reset(ends[0]);
    write.reset(ends[1]);
  }

  Fd read;
  Fd write;
};

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

TEST("what is inherited is our own stdout or stderr itself, without a pipe, and nothing is changed about that") {
  Pipe out, err;
  fcntl(err.write.get(), F_SETFL, O_NONBLOCK);
  Request request = shell(1, "echo out; echo err >&2");
  request.out_sink = request.err_sink = kInherited;
  if (geteuid() == 0) request.user = "nobody";
  const auto start = [&] {
    const Standard own_out(STDOUT_FILENO, out.write), own_err(STDERR_FILENO, err.write);
    return std::make_unique<Start>(std::move(request));
  }();
  REQUIRE(start->spawned && start->status == 0);
  CHECK(!start->child.out && !start->child.err && start->child.out_pipe == 0 && start->child.err_pipe == 0);
  CHECK(keeping::read_all(out.read) == "out\n" && keeping::read_all(err.read) == "err\n");
  CHECK((fcntl(out.write.get(), F_GETFL) & O_NONBLOCK) == 0 && (fcntl(err.write.get(), F_GETFL) & O_NONBLOCK) != 0);
  struct stat about{};
  REQUIRE(fstat(out.write.get(), &about) == 0);
  CHECK(about.st_uid == geteuid());
}

TEST("one stream may be inherited while the other has its pipe") {
  for (const bool inherited : {true, false}) {
    Pipe own;
    Request request = without(false, false);
    request.argv[2] = "echo out; echo err >&2";
    (inherited ? request.out_sink : request.err_sink) = kInherited;
    const auto start = [&] {
      const Standard standard(inherited ? STDOUT_FILENO : STDERR_FILENO, own.write);
      return std::make_unique<Start>(std::move(request));
    }();
    REQUIRE(start->spawned && start->status == 0);
    CHECK(keeping::read_all(own.read) == (inherited ? "out\n" : "err\n"));
    CHECK(keeping::read_all(inherited ? start->child.err : start->child.out) == (inherited ? "err\n" : "out\n"));
  }
}

TEST("many starts that inherit leave nothing open") {
  CHECK(no_leaks([] {
    Pair pair;
    for (RunId run = 1; run <= 50; ++run) {
      Request request = shell(run, "exit 0");
      request.out_sink = request.err_sink = kInherited;
      const auto exit = pair.run_to_end(std::move(request));
      CHECK(exit && exit->code == 0);
    }
  }));
}
