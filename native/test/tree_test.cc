#include "../tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "check.h"
#include "made.h"

using namespace sentry;
using namespace made_up;

namespace {

// A machine as a test wants it: init, us, and those given.
struct World {
  std::vector<Process> all;
  std::vector<Family> families;
  std::unordered_set<int> not_strays{};
  std::map<int, std::string> marks{};
  std::map<int, std::pair<ino_t, ino_t>> pipes{};
  std::set<int> asked{};
  int our_parent = 1;

  Forest forest() {
    std::vector<Process> list{made(1, 0, 1, 1), made(kUs, our_parent, kOutside, 50)};
    list.insert(list.end(), all.begin(), all.end());
    const Witnesses witnesses{
        [this](int pid) {
          asked.insert(pid);
          return marks.contains(pid) ? std::optional(marks[pid]) : std::nullopt;
        },
        [this](int pid) {
          asked.insert(pid);
          return pipes.contains(pid) ? pipes[pid] : std::pair<ino_t, ino_t>{};
        }};
    return attribute(list, families, kUs, not_strays, witnesses);
  }

  // The trees, as numbers, and after them the strays.
  std::vector<std::vector<int>> numbers() {
    Forest found = forest();
    found.trees.push_back(found.strays);
    std::vector<std::vector<int>> all_numbers;
    for (const auto& tree : found.trees) {
      all_numbers.emplace_back();
      for (const Process& one : tree) all_numbers.back().push_back(one.pid);
    }
    return all_numbers;
  }
};

using Numbers = std::vector<std::vector<int>>;

}  // namespace

TEST("a tree is what descends from the run's process, whatever session it is in, and not that process") {
  World world{{made(100, kUs, 100), made(101, 100, 100), made(102, 101, 102), made(103, 102, 103), made(200, 1, 200)},
              {run_of(100)}};
  CHECK(world.numbers() == Numbers{{101, 102, 103}, {}});
}

TEST("a run's process that descends from another run's is none of that tree, and has its own") {
  World world{{made(100, kUs, 100), made(101, 100, 100), made(110, 101, 110), made(111, 110, 110)},
              {run_of(100), run_of(110)}};
  CHECK(world.numbers() == Numbers{{101}, {111}, {}});
  std::swap(world.families[0], world.families[1]);
  CHECK(world.numbers() == Numbers{{111}, {101}, {}});
}

TEST("a run whose number has another start time is not there, and whoever bears it is nobody's") {
  World world{{made(100, 1, 100, 300), made(101, 100, 100, 301)}, {run_of(100, 200)}};
  CHECK(world.numbers() == Numbers{{}, {}});
}

TEST("a parent that is younger than its child is none, and a circle is no way") {
  World world{{made(100, kUs, 100, 300), made(101, 100, 9, 200), made(102, 103, 9), made(103, 102, 9), made(104, 104, 9)},
              {run_of(100, 300)}};
  CHECK(world.numbers() == Numbers{{}, {}});
}

TEST("an orphan in the session that the run's process leads is of its tree, also when that is a zombie") {
  World world{{made(100, kUs, 100), made(101, kUs, 100), made(102, 101, 102)}, {run_of(100)}};
  world.all[0].stat.state = 'Z';
  CHECK(world.numbers() == Numbers{{101, 102}, {}});
  world.all.erase(world.all.begin());  // hidden, but ours, so its number is its own
  CHECK(world.numbers() == Numbers{{101, 102}, {}});
}

TEST("of a session whose leader was reaped, only what was started before that is believed") {
  World world{{made(101, 1, 100, 299), made(102, 1, 100, 300), made(103, 1, 100, 99)}, {left_run_of(100)}};
  CHECK(world.numbers() == Numbers{{}, {}});  // it is gone, and nobody knows since when
  world.families[0].released_ticks = 300;
  CHECK(world.numbers() == Numbers{{101}, {}});
}

TEST("a number that was reused for another leader makes nobody a member") {
  World world{{made(100, 1, 100, 400), made(101, 1, 100, 200), made(102, 1, 100, 500)}, {left_run_of(100)}};
  world.families[0].released_ticks = 300;
  CHECK(world.numbers() == Numbers{{}, {}});
  world.families = {run_of(100, 400)};  // 101 was read before that one was started
  CHECK(world.numbers() == Numbers{{102}, {}});
}

TEST("a session whose leader is nobody's says nothing of those who are in it") {
  World world{{made(100, kUs, 100), made(120, 1, 120), made(101, kUs, 120), made(102, kUs, 120)}, {run_of(100)}};
  world.families[0].known = {{101, 100}};
  CHECK(world.numbers() == Numbers{{101}, {102}});
}

TEST("a session that another process of the tree leads is of the tree") {
  World world{{made(100, kUs, 100), made(101, 100, 101), made(102, kUs, 101)}, {run_of(100)}};
  CHECK(world.numbers() == Numbers{{101, 102}, {}});
}

TEST("where a session's leader is gone, orphans in it go with whoever of it is known") {
  World world{{made(100, kUs, 100), made(102, kUs, 101), made(103, kUs, 101), made(104, 1, 101)}, {run_of(100)}};
  CHECK(world.numbers() == Numbers{{}, {102, 103}});
  world.families[0].known = {{102, 100}};
  CHECK(world.numbers() == Numbers{{102, 103}, {}});  // 104 was not left to us
}

TEST("0 and -1 are no sessions") {
  World world{{made(100, kUs, 0), made(101, kUs, 0), made(102, kUs, -1), made(103, 100, -1)}, {run_of(100)}};
  CHECK(world.numbers() == Numbers{{103}, {101, 102}});
}

TEST("what is known of a run is of its tree with all that descends from it, if the start time is right") {
  World world{{made(100, kUs, 100), made(101, kUs, 101, 200), made(102, 101, 102, 201), made(103, kUs, 103, 200)},
              {run_of(100)}};
  world.families[0].known = {{101, 200}, {103, 199}, {999, 0}};
  CHECK(world.numbers() == Numbers{{101, 102}, {103}});
  world.families[0].known = {{103, 0}};
  CHECK(world.numbers() == Numbers{{103}, {101, 102}});
}

TEST("what two runs know of belongs to neither, and descent counts for more than what is known") {
  World world{{made(100, kUs, 100), made(110, kUs, 110), made(101, 100, 101), made(102, kUs, 102)},
              {run_of(100), run_of(110)}};
  world.families[0].known = {{102, 100}};
  world.families[1].known = {{102, 100}, {101, 100}};
  CHECK(world.numbers() == Numbers{{101}, {}, {102}});
}

TEST("an orphan that became ours is known by its mark, or by its pipes") {
  World world{{made(100, kUs, 100), made(101, kUs, 101), made(102, kUs, 102), made(103, kUs, 103), made(104, 101, 104),
               made(105, kUs, 105)},
              {run_of(100)}};
  world.families[0].mark = "i.1";
  world.families[0].out_pipe = 7;
  world.families[0].err_pipe = 8;
  world.marks = {{101, "i.1"}, {102, "i.2"}, {105, "i.11"}};
  world.pipes = {{102, {0, 8}}, {103, {7, 9}}, {105, {9, 0}}};
  CHECK(world.numbers() == Numbers{{101, 102, 103, 104}, {105}});
  CHECK(world.asked == std::set{101, 102, 103, 105});
}

TEST("nobody is asked for a mark who is no orphan of ours") {
  World world{{made(100, kUs, 100), made(101, 100, 101), made(200, 1, 200), made(201, 200, 200)}, {run_of(100)}};
  world.families[0].mark = "i.1";
  world.marks = {{200, "i.1"}, {201, "i.1"}};
  CHECK(world.numbers() == Numbers{{101}, {}});
  CHECK(world.asked.empty());
}

TEST("orphans of a run that is not our child were left to init, or to whoever was left that run") {
  World world{{made(60, 1, 60), made(100, 60, 100), made(101, 60, 101), made(102, 1, 102), made(103, kUs, 103),
               made(61, 1, 61), made(104, 61, 104)},
              {left_run_of(100)}};
  world.families[0].mark = "i.1";
  for (const int pid : {101, 102, 103, 104}) world.marks[pid] = "i.1";
  CHECK(world.numbers() == Numbers{{101, 102}, {103}});
  CHECK(world.asked == std::set{61, 60, 101, 102});
}

TEST("where a run that is not our child is gone, its orphans may have been left to any subreaper above us") {
  World world{{made(70, 1, 70), made(60, 70, 60), made(101, 70, 101), made(71, 1, 71), made(102, 71, 102)}, {left_run_of(100)}};
  world.our_parent = 60;
  world.families[0].mark = "i.1";
  for (const int pid : {101, 102}) world.marks[pid] = "i.1";
  CHECK(world.numbers() == Numbers{{101}, {}});
}

TEST("where a run that is not our child is gone, what is known of it says to whom its orphans were left") {
  World world{{made(60, 1, 60), made(101, 60, 101), made(102, 60, 102)}, {left_run_of(100)}};
  world.families[0].mark = "i.1";
  world.marks[102] = "i.1";
  CHECK(world.numbers() == Numbers{{}, {}});
  world.families[0].known = {{101, 100}};
  CHECK(world.numbers() == Numbers{{101, 102}, {}});
}

TEST("who comes from outside of our pid namespace was left by nobody") {
  World world{{made(100, 0, 100), made(101, 0, 101)}, {left_run_of(100)}};
  world.families[0].mark = "i.1";
  world.marks[101] = "i.1";
  CHECK(world.numbers() == Numbers{{}, {}});
}

TEST("an orphan of which nothing says whose it is, is a stray with all that descends from it") {
  World world{{made(100, kUs, 100), made(101, kUs, 101), made(102, 101, 102)}, {run_of(100)}};
  CHECK(world.numbers() == Numbers{{}, {101, 102}});
}

TEST("children of ours that are no orphans are left alone, with all that descends from them, whatever it bears") {
  World world{{made(60, kUs, kOutside), made(61, 60, 61), made(62, 61, 62), made(63, kUs, 61), made(100, kUs, 100)},
              {run_of(100)},
              {60}};
  world.families[0].mark = "i.1";
  for (const int pid : {60, 61, 62, 63}) world.marks[pid] = "i.1";
  CHECK(world.numbers() == Numbers{{}, {}});
}

TEST("we ourselves and our session are of no tree, even if we descend from one of the runs") {
  // 30 is a run of a Sentry that is gone; in it a shell, 40, has started its successor, which is us.
  World world{{made(30, 1, 30, 10), made(40, 30, kOutside, 20), made(60, kUs, kOutside), made(70, kUs, kOutside),
               made(71, 1, kOutside), made(100, kUs, 100), made(101, 100, 101)},
              {left_run_of(30, 10), run_of(100)},
              {60}};
  CHECK(world.numbers() == Numbers{{40}, {101}, {70}});
  world.families[0].known = {{kUs, 0}};
  CHECK(world.numbers() == Numbers{{40}, {101}, {70}});
  // Nor if somebody believes to know one of our session.
  world.families = {run_of(100)};
  world.families[0].known = {{70, 100}};
  world.all.push_back(made(72, kUs, kOutside));
  CHECK(world.numbers() == Numbers{{70, 101}, {72}});
}

TEST("as init, we are left everything, and only what is of no run is a stray") {
  const std::vector<Process> all{made(1, 0, 1, 1), made(100, 1, 100), made(101, 1, 101), made(102, 1, 102), made(103, 1, 1)};
  std::vector<Family> families{run_of(100), left_run_of(99)};
  families[0].mark = "i.1";
  families[1].mark = "i.2";
  const Witnesses marks{[](int pid) { return std::optional<std::string>(pid == 101 ? "i.1" : "i.2"); },
                        [](int) { return std::pair<ino_t, ino_t>{}; }};
  const Forest found = attribute(all, families, 1, {103}, marks);
  CHECK(found.trees[0].size() == 1 && found.trees[0][0].pid == 101);
  CHECK(found.trees[1].empty());
  CHECK(found.strays.size() == 1 && found.strays[0].pid == 102);
}

// Gone over once for each process, the way would take longer than a test may.
TEST("half a million processes in one line, and as many in one session, take no longer than their number") {
  constexpr int kMany = 500'000;
  World world{{made(1000, kUs, 1000)}, {run_of(1000)}};
  for (int n = kMany; n > 0; --n) world.all.push_back(made(1000 + n, 999 + n, 7));
  for (int n = 1; n <= kMany; ++n) world.all.push_back(made(1'000'000 + n, kUs, n % 2 == 0 ? 1000 : 7));
  for (int n = 1; n <= kMany; ++n) world.families[0].known.push_back({2'000'000 + n, 0});
  const Forest found = world.forest();
  CHECK(found.trees[0].size() == 2 * kMany && found.strays.empty());
}
