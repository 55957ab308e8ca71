#include "../offspring.h"

#include <algorithm>
#include <map>
#include <random>

#include "check.h"

using namespace sentry;

namespace {

constexpr RunId kA = 1, kB = 2;

// What is there, by number; and what is known by its forks.
struct World {
  std::map<int, uint64_t> there{};
  uint64_t since = 0;
  size_t strangers = 8;
  size_t looked = 0;
  Offspring offspring{[this](int pid) {
                        ++looked;
                        return there.contains(pid) ? std::optional(there[pid]) : std::nullopt;
                      },
                      since, strangers};

  void take(const std::vector<Fork>& forks) { offspring.take(forks, std::nullopt); }
  std::vector<std::pair<int, uint64_t>> of(RunId run) const {
    auto found = offspring.of(run);
    std::sort(found.begin(), found.end());
    return found;
  }
};

using Found = std::vector<std::pair<int, uint64_t>>;

}  // namespace

TEST("children of children that have ended are known, and what has ended is not told") {
  World world{{{100, 10}, {103, 13}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}, {101, 102, 12}});
  world.take({{102, 103, 13}});
  CHECK(world.of(kA) == Found{{103, 13}});
  CHECK(world.offspring.complete(kA));
}

TEST("the run's own process is not told, and a run that is forgotten has nothing") {
  World world{{{100, 10}, {101, 11}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}});
  CHECK(world.of(kA) == Found{{101, 11}});
  world.offspring.forget(kA);
  CHECK(world.of(kA).empty() && !world.offspring.complete(kA) && world.offspring.size() == 0);
  world.take({{101, 102, 12}});
  CHECK(world.offspring.size() == 0);
}

TEST("where another process is followed, it is the run's own from then on") {
  World world{{{101, 11}, {102, 12}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}, {101, 102, 12}});
  for (int n = 0; n < 9; ++n) world.take({{50, 200 + n, 12}});
  world.offspring.watch(kA, 101, 11, true);
  CHECK(world.of(kA) == Found{{102, 12}} && world.offspring.complete(kA));
}

TEST("forks that were read before a run was watched count, in their order, and those before its start do not") {
  World world{{{100, 10}, {101, 11}, {102, 12}, {90, 7}}};
  world.take({{100, 90, 7}, {50, 100, 10}, {100, 101, 11}, {101, 102, 12}, {50, 51, 12}});
  world.offspring.watch(kA, 100, 10, true);
  CHECK(world.of(kA) == Found{{101, 11}, {102, 12}});
  CHECK(world.offspring.complete(kA));
}

TEST("where too many others have forked since its start, a run is not complete") {
  World world{{{100, 10}, {101, 11}}};
  world.take({{100, 101, 11}});
  for (int n = 0; n < 7; ++n) world.take({{50, 200 + n, 12}});
  world.offspring.watch(kA, 100, 10, true);
  CHECK(world.offspring.complete(kA) && world.of(kA) == Found{{101, 11}});
  world.take({{300, 301, 20}});
  for (int n = 0; n < 8; ++n) world.take({{50, 200 + n, 21}});
  world.offspring.watch(kB, 300, 20, true);
  CHECK(!world.offspring.complete(kB));
}

TEST("a run that was started before the subscription, or of which the caller says so, is not complete") {
  World world{{}, 10};
  world.offspring.watch(1, 100, 10, true);
  world.offspring.watch(2, 101, 11, true);
  world.offspring.watch(3, 102, 11, false);
  CHECK(!world.offspring.complete(1) && world.offspring.complete(2) && !world.offspring.complete(3));
}

TEST("a number that was given away is not the former process's any more, nor are that one's forks") {
  World world{{{100, 10}, {101, 30}, {102, 31}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}, {50, 101, 30}, {101, 102, 31}});
  CHECK(world.of(kA).empty());
}

TEST("a number that was given away within a run, or to another run, is told once, with its new start") {
  World world{{{100, 10}, {101, 30}, {200, 10}}};
  world.offspring.watch(kA, 100, 10, true);
  world.offspring.watch(kB, 200, 10, true);
  world.take({{100, 101, 11}, {100, 101, 30}});
  CHECK(world.of(kA) == Found{{101, 30}});
  world.there[101] = 40;
  world.take({{200, 101, 40}});
  CHECK(world.of(kA).empty() && world.of(kB) == Found{{101, 40}});
}

TEST("whoever is there under a number is the one that was forked, unless it was started later than the stamp says") {
  World world{{{100, 10}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 20}});
  for (const uint64_t start : {15u, 19u, 20u, 21u}) {
    world.there[101] = start;
    CHECK(world.of(kA) == Found{{101, start}});
  }
  world.there[101] = 22;
  CHECK(world.of(kA).empty());
}

TEST("a run's process that another run has forked stays its own run's") {
  World world{{{100, 10}, {101, 11}}};
  world.offspring.watch(kA, 100, 10, true);
  world.offspring.watch(kB, 101, 11, true);
  world.take({{100, 101, 11}});
  CHECK(world.of(kA).empty() && world.of(kB).empty());
}

TEST("a process's own birth, however late its stamp, is not taken for another's") {
  World world{{{100, 10}, {101, 60}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{50, 100, 55}, {100, 101, 60}});
  CHECK(world.of(kA) == Found{{101, 60}});
}

TEST("what is added belongs to the run with what it forks, also if that was read before, and only if the run is watched") {
  World world{{{100, 10}, {105, 12}, {106, 13}, {107, 14}}};
  world.take({{105, 106, 13}});
  world.offspring.add(kA, 105, 12);
  CHECK(world.of(kA).empty());
  world.offspring.watch(kA, 100, 10, true);
  world.offspring.add(kA, 105, 12);
  world.take({{105, 107, 14}});
  CHECK(world.of(kA) == Found{{105, 12}, {106, 13}, {107, 14}});
}

TEST("what is known already is not changed by adding it, and a later process with its number replaces it") {
  World world{{{100, 10}, {200, 10}, {101, 11}}};
  world.offspring.watch(kA, 100, 10, true);
  world.offspring.watch(kB, 200, 10, true);
  world.take({{100, 101, 11}});
  world.offspring.add(kB, 101, 11);
  CHECK(world.of(kA) == Found{{101, 11}} && world.of(kB).empty());
  world.there[101] = 30;
  world.offspring.add(kB, 101, 30);
  CHECK(world.of(kA).empty() && world.of(kB) == Found{{101, 30}});
}

TEST("a loss leaves what is known and still there, and no run of then is complete") {
  World world{{{100, 10}, {101, 11}, {103, 21}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}, {100, 102, 12}});
  world.offspring.take({{101, 103, 21}}, 25);
  CHECK(world.of(kA) == Found{{101, 11}, {103, 21}});
  CHECK(!world.offspring.complete(kA));
  world.offspring.watch(1, 200, 25, true);
  world.offspring.watch(2, 201, 26, true);
  CHECK(!world.offspring.complete(1) && world.offspring.complete(2));
}

TEST("after a loss a number is not believed to be that of one who is gone") {
  // 102 had ended, its number was given to a stranger, and that was lost.
  World world{{{100, 10}, {102, 20}, {103, 21}, {104, 31}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 102, 12}});
  world.offspring.take({{102, 103, 21}}, 25);
  world.take({{102, 104, 31}});
  CHECK(world.of(kA).empty());
}

TEST("after a loss, forks that were read before it count for nobody who is watched later") {
  World world{{{100, 10}, {101, 11}}};
  world.take({{100, 101, 11}});
  world.offspring.take({}, 25);
  world.offspring.watch(kA, 100, 10, true);
  CHECK(world.of(kA).empty() && !world.offspring.complete(kA));
}

TEST("of a million short-lived children few are kept, and few are looked for, and none that lives is lost") {
  World world{{{100, 10}, {101, 11}}};
  world.offspring.watch(kA, 100, 10, true);
  world.take({{100, 101, 11}});
  uint64_t tick = 12;
  size_t most = 0;
  for (int batch = 0; batch < 1000; ++batch) {
    std::vector<Fork> forks;
    for (int n = 0; n < 1000; ++n) forks.push_back({n % 2 == 0 ? 101 : 999 + n, 1000 + n + batch % 30 * 1000, tick += 2});
    world.take(forks);
    most = std::max(most, world.offspring.size());
  }
  CHECK(most <= 4000);
  CHECK(world.looked < 3'000'000);
  CHECK(world.of(kA) == Found{{101, 11}});
  std::printf("     at most %zu kept, %zu looked for\n", most, world.looked);
}

TEST("one that has ended is kept until its own forks have been read") {
  World world{{{100, 10}}};
  world.offspring.watch(kA, 100, 10, true);
  std::vector<Fork> forks;
  for (int n = 0; n < 3000; ++n) forks.push_back({100, 1000 + n, 11});
  world.take(forks);
  world.there[5000] = 12;
  world.there[2501] = 50;  // its number was given away before it was dropped
  world.take({{2500, 5000, 12}, {100, 2501, 50}});
  CHECK(world.of(kA) == Found{{2501, 50}, {5000, 12}});
  CHECK(world.offspring.size() == 3);
}

// Against the truth: runs that fork at will, numbers that go round, forks that are read late and in part.
TEST("in any history of forks and ends nobody is taken for another run's, and nothing is missing unless it was lost") {
  size_t found = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](size_t below) { return random() % below; };
    struct Task { uint64_t start; RunId run; };
    std::map<int, Task> tasks{{1, {1, 0}}};
    Offspring offspring([&](int pid) { return tasks.contains(pid) ? std::optional(tasks[pid].start) : std::nullopt; }, 0, 64);
    std::vector<Fork> unread;
    std::map<RunId, int> own;
    uint64_t now = 10;
    int next = 100;
    bool lost = false;
    for (int step = 0; step < 2000; ++step) {
      const auto anybody = std::next(tasks.begin(), static_cast<ptrdiff_t>(pick(tasks.size())));
      const size_t what = tasks.size() > 60 ? 9 : pick(12);
      if (what < 6) {
        while (tasks.contains(next)) next = next == 300 ? 100 : next + 1;
        now += pick(4);
        RunId run = anybody->second.run;
        const int parent = anybody->first;
        if (parent == 1 && own.size() < 5) run = step + 1;
        tasks[next] = {now, run};
        unread.push_back({parent, next, now + pick(2)});
        if (parent == 1 && run != 0) own[run] = next, offspring.watch(run, next, now, true);
        next = next == 300 ? 100 : next + 1;
        now += 1;
      } else if (what < 10) {
        if (anybody->first != 1 && !(own.contains(anybody->second.run) && own[anybody->second.run] == anybody->first && pick(4) != 0))
          tasks.erase(anybody);
      } else if (what == 10) {
        if (pick(20) == 0 && !own.empty()) offspring.forget(own.begin()->first), own.erase(own.begin());
      } else {
        const bool loses = seed % 2 == 1 && pick(10) == 0;
        if (loses && !unread.empty()) unread.resize(pick(unread.size()));
        lost = lost || loses;
        offspring.take(unread, loses ? std::optional(now + 1) : std::nullopt);
        now += 2;
        unread.clear();
        for (const auto& [run, pid] : own) {
          const auto told = offspring.of(run);
          for (const auto& [one, start] : told) CHECK(tasks.at(one).run == run && tasks.at(one).start == start && one != pid);
          size_t there = 0;
          for (const auto& [one, task] : tasks) there += task.run == run && one != pid ? 1 : 0;
          if (offspring.complete(run)) CHECK(there == told.size());
          if (!lost) CHECK(offspring.complete(run));
          found += told.size();
        }
      }
    }
    if (check::failures > 0) {
      std::printf("     seed %u\n", seed);
      return;
    }
  }
  CHECK(found > 10'000);
  std::printf("     %zu found\n", found);
}
