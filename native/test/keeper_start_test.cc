// What a start gives to the keeper, and when.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "check.h"
#include "contract.h"
#include "held_program.h"
#include "keeping.h"

using namespace contract;
using keeping::by_label;
using keeping::Place;

namespace {

// A spawner whose children are kept here; all of them are to have ended when it goes.
class Nursery {
 public:
  explicit Nursery(KeeperLink keeper)
      : spawner(1, [this](Child child) { born(std::move(child)); }, [this](Fact fact) { facts.add(std::move(fact)); },
                std::move(keeper)) {}
  ~Nursery() {
    for (const Child& child : children) waitpid(child.pid, nullptr, 0);
  }

  // Null for a start that has failed.
  const Child* start(Request request) {
    const RunId run = request.run;
    spawner.spawn(std::move(request));
    until([&] { return facts.count<SpawnedFact>() + facts.count<FaultFact>() > 0; });
    std::lock_guard lock(mutex);
    for (const Child& child : children)
      if (child.run == run) return &child;
    return nullptr;
  }

  void born(Child child) {
    std::lock_guard lock(mutex);
    const SpawnedFact fact{child.run, child.pid, child.at};
    children.push_back(std::move(child));
    facts.add(fact);
  }

  Facts facts;
  std::mutex mutex;
  std::vector<Child> children;
  Spawner spawner;
};

Request kept(Request request) {
  request.kept = "a.1 dummy:0";
  return request;
}

ino_t inode_of(const Fd& fd) {
  struct stat found{};
  return fstat(fd.get(), &found) == 0 ? found.st_ino : 0;
}

int pidfds_of(int process) {
  int count = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fdinfo"))
    count += keeping::text_of(fd.path().string()).find("\nPid:\t") != std::string::npos;
  return count;
}

int children() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const std::string pids = keeping::text_of(task.path().string() + "/children");
    count += static_cast<int>(std::count(pids.begin(), pids.end(), ' '));
  }
  return count;
}

}  // namespace

TEST("the keeper has a process and its pipes, and who it is is known, when it is told of") {
  const Place place;
  KeeperLink keeper, successor;
  REQUIRE(!place.start(keeper));
  Nursery nursery(keeper);
  const Child* child = nursery.start(kept(shell(1, "echo out; echo err >&2; cat /proc/self/stat")));
  REQUIRE(child);
  auto held = by_label(successor.take(place.path()));
  REQUIRE(held.size() == 3);
  CHECK(child->out_pipe != 0 && inode_of(held["out a.1 dummy:0"]) == child->out_pipe);
  CHECK(child->err_pipe != 0 && inode_of(held["err a.1 dummy:0"]) == child->err_pipe);
  const std::string seen = keeping::text_of("/proc/self/fdinfo/" + std::to_string(held[process_label("a.1 dummy:0", child->pid)].get()));
  CHECK(seen.find("\nPid:\t" + std::to_string(child->pid) + "\n") != std::string::npos);
  CHECK(child->start_ticks > 0 && child->kept == "a.1 dummy:0");
}

TEST("a process makes itself known to the keeper before it becomes the program") {
  const Place place;
  HeldProgram program;
  REQUIRE(program.held);
  KeeperLink keeper, successor;
  REQUIRE(!place.start(keeper));
  Nursery nursery(keeper);
  nursery.spawner.spawn(kept(request(1, {program.path})));
  // It hangs in its exec, and the spawner with it. Should Sentry be killed now, a successor has it.
  CHECK(until([&] { return pidfds_of(place.keeper()) == 2; }));  // with the keeper's own
  const auto held = by_label(successor.take(place.path()));
  CHECK(std::any_of(held.begin(), held.end(), [](const auto& one) { return one.first.starts_with("pid a.1 dummy:0 "); }));
  program.let_go();
  CHECK(nursery.facts.await<SpawnedFact>(1));
}

TEST("of a start that fails the keeper has nothing") {
  const Place place;
  KeeperLink keeper, successor;
  REQUIRE(!place.start(keeper));
  Nursery nursery(keeper);
  CHECK(!nursery.start(kept(request(1, {"/nonexistent"}))));
  CHECK(by_label(successor.take(place.path())).empty());
}

TEST("a keeper that has taken the place of another during a start has all of it") {
  const Place place;
  HeldProgram program;
  REQUIRE(program.held);
  KeeperLink keeper, successor;
  REQUIRE(!place.start(keeper));
  Nursery nursery(keeper);
  nursery.spawner.spawn(kept(request(1, {program.path})));
  CHECK(until([] { return children() == 2; }));  // one hangs in its exec, the other is the keeper
  kill(place.keeper(), SIGKILL);
  REQUIRE(!place.start(keeper));
  program.let_go();
  CHECK(nursery.facts.await<SpawnedFact>(1));
  CHECK(by_label(successor.take(place.path())).size() == 3);
}

TEST("what is done between births sees none half done") {
  KeeperLink nobody;
  Nursery nursery(nobody);
  for (RunId run = 1; run <= 20; ++run) nursery.spawner.spawn(request(run, {"/bin/true"}));
  for (int n = 0; n < 20; ++n)
    nursery.spawner.between_births([&] {
      // Each child is put here and told of by one `born`.
      CHECK(nursery.facts.count<SpawnedFact>() == static_cast<int>(nursery.children.size()));
    });
  CHECK(nursery.facts.await_count<SpawnedFact>(20));
}
