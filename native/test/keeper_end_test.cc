// When the program keeper.c goes on holding without an owner, when it ends, and that it sleeps meanwhile.
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "check.h"
#include "keeping.h"

using namespace keeping;

namespace {

Fd pidfd_of(int pid) { return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

// A child that prints and exits as soon as the gate closes.
int behind(const Pipe& gate, const Fd& out, const std::string& last_words, int code) {
  const int pid = fork();
  if (pid != 0) return pid;
  close(gate.in.get());
  read_all(gate.out);
  print(out, last_words);
  _exit(code);
}

// Its exit status, as a process tells it that is not its parent: from 6.15 on, once it is reaped.
std::optional<int> status_of(const Fd& pidfd) {
  struct { uint64_t mask = 8; uint32_t more[13]; int32_t status; } info;
  const bool told = ioctl(pidfd.get(), _IOWR(0xFF, 11, info), &info) == 0 && (info.mask & 8) != 0;
  return told ? std::optional(info.status) : std::nullopt;
}

bool knows_statuses() {
  const int pid = fork();
  if (pid == 0) _exit(0);
  const Fd process = pidfd_of(pid);
  waitpid(pid, nullptr, 0);
  return status_of(process).has_value();
}

}  // namespace

TEST("the last words and the exit status of a child are there, though its owner was killed before it ended") {
  const Place place;
  if (!knows_statuses()) SKIP("a pidfd has the exit status from Linux 6.15 on");
  Pipe gate, out;
  const int pid = behind(gate, out.in, "last words\n", 42);
  Owner owner(place, [&](KeeperLink& link) {
    gate.in.reset();
    link.hold({"out a.1 dummy:0", out.out.get()}, {"err a.1 dummy:0", out.out.get()});
    link.hold("pid a.1 dummy:0", pidfd_of(pid).get());
  });
  REQUIRE(owner.done);
  owner.end();
  out = Pipe();  // nobody but the child and the keeper has it now
  gate.in.reset();
  REQUIRE(waitpid(pid, nullptr, 0) == pid);
  CHECK(sleeps(place.keeper()));
  KeeperLink link;
  auto held = by_label(link.take(place.path()));
  REQUIRE(held.size() == 3);
  CHECK(read_all(held["out a.1 dummy:0"]) == "last words\n");
  CHECK(status_of(held["pid a.1 dummy:0"]) == 42 << 8);
}

TEST("it does not end while there is unread output, and sleeps; it does once that was read") {
  const Place place;
  Owner owner(place, [&](KeeperLink& link) {
    hold_printed(link, "out a.1 dummy:0", "unread");
    hold_printed(link, "err a.1 dummy:0", "");
    link.hold("listen tcp *:1", std::get<Fd>(listen_tcp("127.0.0.1", 0, 4)).get());
  });
  REQUIRE(owner.done);
  owner.end();
  REQUIRE(sleeps(place.keeper()));
  {
    KeeperLink link;
    auto held = by_label(link.take(place.path()));
    REQUIRE(held.size() == 3);
    CHECK(read_all(held["out a.1 dummy:0"]) == "unread");
    CHECK(sleeps(place.keeper()));  // while somebody is there it has no opinion
  }
  CHECK(until([&] { return place.keeper() == 0; }));
}

TEST("it does not end while a process lives or is a zombie, and sleeps; it does once nothing can be known any more") {
  const Place place;
  Pipe gate;
  const int pid = behind(gate, Fd(), "", 7);
  Owner owner(place, [&](KeeperLink& link) {
    gate.in.reset();
    link.hold("pid a.1 dummy:0", pidfd_of(pid).get());
  });
  REQUIRE(owner.done);
  owner.end();
  CHECK(sleeps(place.keeper()));
  gate.in.reset();
  siginfo_t status{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOWAIT) == 0);
  const bool known = knows_statuses();
  if (known) CHECK(sleeps(place.keeper()));  // a zombie
  waitpid(pid, nullptr, 0);
  if (known) {
    CHECK(sleeps(place.keeper()));  // its status is worth holding
    KeeperLink link;
    CHECK(status_of(by_label(link.take(place.path()))["pid a.1 dummy:0"]) == 7 << 8);
    link.release("pid a.1 dummy:0");
  }
  CHECK(until([&] { return place.keeper() == 0; }));
}

TEST("it ends without its name, whatever it holds: nobody can ask for it") {
  const Place place;
  Pipe unread;
  {
    KeeperLink link;
    REQUIRE(!place.start(link));
    print(unread.in, "words");
    link.hold("out a", unread.out.get());
    CHECK(sleeps(place.keeper()));
    unlink(place.path().c_str());
  }
  CHECK(until([&] { return place.keeper() == 0; }));
}

TEST("it ends when it holds nothing and nobody is there") {
  const Place place;
  {
    KeeperLink link;
    REQUIRE(!place.start(link));
    CHECK(sleeps(place.keeper()));
  }
  CHECK(until([&] { return place.keeper() == 0; }));
}
