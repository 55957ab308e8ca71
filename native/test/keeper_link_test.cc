// The connection to the keeper, seen from the inside of a Sentry: how it begins, breaks, begins again and ends.
#include "../keeper_link.h"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "check.h"
#include "keeping.h"

using namespace keeping;

namespace {

// The name of its socket is removed, and nothing is left to be waited for.
bool left_nothing(const Place& place) {
  return place.keeper() == 0 && !std::filesystem::exists(place.path()) && waitpid(-1, nullptr, WNOHANG) < 0;
}

}  // namespace

TEST("without a keeper nothing happens") {
  KeeperLink link;
  const Pipe pipe;
  link.hold("out a", pipe.out.get());
  link.release("out a");
  link.end();
  CHECK(link.descriptor() == -1);
  const Folder folder;
  CHECK(!link.take(folder.path + "/keeper") && !link.take(folder.path + "/none/keeper"));
}

TEST("an end leaves no process, no zombie and no name behind") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  Pipe pipe;
  link.hold("out a", pipe.out.get());
  CHECK(place.keeper() > 0 && link.descriptor() >= 0);
  link.end();
  CHECK(left_nothing(place));
  CHECK(link.descriptor() == -1);
}

TEST("what cannot be started is a fault that says why, and leaves nothing behind") {
  const Place place;
  KeeperLink link;
  const auto missing = link.start("/nonexistent/keeper", place.path());
  REQUIRE(missing);
  CHECK(std::string(missing->step) == "exec" && missing->error == ENOENT && missing->subject == "/nonexistent/keeper");
  const auto wrong = link.start("/bin/true", place.path());
  REQUIRE(wrong);
  CHECK(std::string(wrong->step) == "keeper" && wrong->error == ECONNRESET);
  const auto nowhere = link.start(KEEPER, place.folder.path + "/none/keeper");
  REQUIRE(nowhere);
  CHECK(nowhere->error == ENOENT);
  CHECK(left_nothing(place) && link.descriptor() == -1);
}

TEST("a keeper that was killed is seen to be gone by whoever polls the connection, and can be started again") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  const uint64_t generation = link.generation();
  const int first = place.keeper();
  const Fd watched(fcntl(link.descriptor(), F_DUPFD_CLOEXEC, 3));
  kill(first, SIGKILL);
  CHECK(is_hung_up(watched.get(), 10000));
  Pipe pipe;
  link.hold("out a", pipe.out.get());  // to nobody
  REQUIRE(!place.start(link));
  CHECK(place.keeper() > 0 && place.keeper() != first);
  CHECK(link.generation() > generation);
  link.hold("out b", pipe.out.get());
  KeeperLink other;
  const auto held = by_label(other.take(place.path()));
  CHECK(held.size() == 1 && held.count("out b") == 1);
  link = KeeperLink();
  other.end();
  CHECK(left_nothing(place));
}

TEST("a keeper that takes nothing any more is lost after a while, and killed by the next start") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  const Fd watched(fcntl(link.descriptor(), F_DUPFD_CLOEXEC, 3));
  const int first = place.keeper();
  kill(first, SIGSTOP);
  Pipe pipe;
  for (int n = 0; n < 100000 && !is_hung_up(watched.get()); ++n) link.hold("out a", pipe.out.get());
  CHECK(is_hung_up(watched.get()));
  REQUIRE(!place.start(link));
  CHECK(place.keeper() != first);
  link.end();
  CHECK(left_nothing(place));
}

TEST("the connection can be inherited, and what was held before still is") {
  const Place place;
  Pipe pipe;
  int connection = -1, process = -1;
  {
    KeeperLink link;
    REQUIRE(!place.start(link));
    link.hold("out a", pipe.out.get());
    connection = dup(link.descriptor());  // without CLOEXEC, as over an exec
    process = dup(link.process());
  }
  KeeperLink link;
  link.inherit(Fd(connection), Fd(process));
  CHECK((fcntl(connection, F_GETFD) & FD_CLOEXEC) != 0);
  link.hold("out b", pipe.out.get());
  KeeperLink other;
  CHECK(by_label(other.take(place.path())).size() == 2);
  link = other;
  link.end();
  CHECK(left_nothing(place));  // not even the zombie of a keeper that another image had started
}

TEST("an inherited connection of a keeper that is gone is seen to be so") {
  const Place place;
  int connection = -1, process = -1;
  {
    KeeperLink link;
    REQUIRE(!place.start(link));
    connection = dup(link.descriptor());
    process = dup(link.process());
    link.end();
  }
  KeeperLink link;
  link.inherit(Fd(connection), Fd(process));
  CHECK(link.descriptor() == connection && is_hung_up(connection));
}

TEST("one that hangs holds up nobody who inherits it, and another takes its place") {
  const Place place;
  KeeperLink first;
  REQUIRE(!place.start(first));
  const int hanging = place.keeper();
  kill(hanging, SIGSTOP);
  KeeperLink next;
  next.inherit(Fd(dup(first.descriptor())), Fd(dup(first.process())));
  REQUIRE(!place.start(next));
  CHECK(place.keeper() != hanging && place.keeper() > 0);
  next.end();
  CHECK(left_nothing(place));
}

TEST("one that hangs, and is nobody's, does not keep its name") {
  const Place place;
  KeeperLink lost;
  REQUIRE(!place.start(lost));
  const int hanging = place.keeper();
  kill(hanging, SIGSTOP);
  KeeperLink next;
  CHECK(!place.start(next));
  CHECK(next.descriptor() >= 0);
  next.end();
  kill(hanging, SIGKILL);
  waitpid(hanging, nullptr, 0);
}

TEST("a name that is longer than an address can hold works") {
  const Place place;
  const std::string deep = place.folder.path + "/" + std::string(150, 'd');
  std::filesystem::create_directory(deep);
  KeeperLink link, other;
  REQUIRE(!link.start(KEEPER, deep + "/keeper"));
  Pipe pipe;
  link.hold("out a", pipe.out.get());
  CHECK(by_label(other.take(deep + "/keeper")).size() == 1);
  other.end();
  CHECK(!std::filesystem::exists(deep + "/keeper"));
}

TEST("a dead name in the way is taken over") {
  const Place place;
  KeeperLink link, next;
  REQUIRE(!place.start(link));
  kill(place.keeper(), SIGKILL);
  CHECK(until([&] { return place.keeper() == 0; }));
  CHECK(!place.start(next));
}

TEST("a label that cannot be one is not sent") {
  const Place place;
  KeeperLink link, other;
  REQUIRE(!place.start(link));
  Pipe pipe;
  link.hold("two\nlines", pipe.out.get());
  link.hold(std::string(KeeperLink::kLongestLabel + 1, 'x'), pipe.out.get());
  link.hold("a descriptor that is none", 12345);
  link.hold(std::string(KeeperLink::kLongestLabel, 'x'), pipe.out.get());
  CHECK(by_label(other.take(place.path())).size() == 1);
}

TEST("threads that hold and release never disturb each other, while keepers are killed and started again") {
  const Place place;
  KeeperLink link;
  REQUIRE(!place.start(link));
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&over, thread, link]() mutable {
      const Pipe pipe;
      const std::string out = "out " + std::to_string(thread), err = "err " + std::to_string(thread);
      while (!over) {
        link.hold({out, pipe.out.get()}, {err, pipe.out.get()});
        link.release(err);
      }
      link.hold({out, pipe.out.get()}, {err, pipe.out.get()});
    });
  for (int n = 0; n < 20; ++n) {
    kill(place.keeper(), SIGKILL);
    CHECK(!place.start(link));
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  KeeperLink other;
  const auto held = by_label(other.take(place.path()));
  CHECK(held.size() == 8);
  other.end();
}
