// Sinks that are not read, or no longer.
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

struct Terminal {
  Terminal() : master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    grantpt(master.get());
    unlockpt(master.get());
    slave.reset(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios plain{};
    tcgetattr(slave.get(), &plain);
    plain.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    tcsetattr(slave.get(), TCSANOW, &plain);
  }
  Fd master, slave;
};

}  // namespace

TEST("a terminal that nobody reads holds no printer up; what was dropped is counted there once it is read") {
  Facts facts;
  Terminal terminal;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(terminal.slave.get());
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, numbered(100'000)));
  CHECK(facts.flush(pump));
  const std::string seen = read_at_last(terminal.master, pump, sink, 1);
  CHECK(gaps(unlabelled(seen), 100'000) == facts.lost());
}

TEST("what is dropped where nobody reads is told of meanwhile, at once and then all of it, and each line once") {
  Facts facts;
  Pipe pipe, copy;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(pipe.in.get());
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, numbered(100'000)));
  REQUIRE(until([&] { return facts.lost() > 0; }));
  REQUIRE(tee(pipe.out.get(), copy.in.get(), 1 << 20, 0) > 0);  // takes nothing
  std::string shown(1 << 20, '\0');
  shown.resize(static_cast<size_t>(std::max<ssize_t>(read(copy.out.get(), shown.data(), shown.size()), 0)));
  const auto begun = static_cast<int64_t>(lines_of(shown).size());
  CHECK(until([&] { return facts.lost() == 1 + 100'000 - begun; }));
  const std::string seen = read_at_last(pipe.out, pump, sink, 1);
  CHECK(gaps(unlabelled(seen), 100'000) == facts.lost());
}

TEST("a terminal that is not read for a moment shows the ends of any number of processes that have printed nothing") {
  Facts facts;
  Terminal terminal;
  Pipe other;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(terminal.slave.get());
  const int witness = pump.open_terminal(other.in.get());
  say(pump, sink, std::string(20'000, 'x'));
  for (RunId run = 1; run <= 300; ++run) say(pump, sink, "Exited " + std::to_string(run), 0, run);
  say(pump, witness, "all is asked");
  CHECK(read_until(other.out, "asked\n").ends_with("all is asked\n"));
  const std::string seen = read_until(terminal.master, "Exited 300\n");
  for (RunId run = 1; run <= 300; ++run) CHECK(seen.find("Exited " + std::to_string(run) + "\n") != std::string::npos);
}

TEST("a pipe with a slow reader gets every line") {
  Facts facts;
  Pipe pipe;
  fcntl(pipe.in.get(), F_SETPIPE_SZ, 4096);
  Pump pump(facts.post());
  const int sink = pump.open_terminal(pipe.in.get());
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  std::string seen;
  std::thread reader([&] { seen = read_until(pipe.out, "Exited\n", 100); });
  CHECK(print(out, numbered(20'000)));
  say(pump, sink, "Exited", 0, 1);
  CHECK(facts.flush(pump));
  reader.join();
  CHECK(gaps(unlabelled(seen), 20'000) == 0);
}

TEST("a socket that nobody reads is a sink like a terminal") {
  Facts facts;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd ours(ends[0]), theirs(ends[1]);
  Pump pump(facts.post());
  const int sink = pump.open_terminal(ours.get());
  const Fd out = run_of(pump, 1, sink);
  say(pump, sink, "Started", 1);
  CHECK(print(out, numbered(100'000)));
  CHECK(facts.flush(pump));
  const std::string seen = read_at_last(theirs, pump, sink, 1);
  CHECK(gaps(unlabelled(seen), 100'000) == facts.lost());
}

TEST("the rest of a line goes on when a reader comes, however late") {
  Facts facts;
  Pipe pipe;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(pipe.in.get());
  say(pump, sink, std::string(100'000, 'x'));
  CHECK(facts.flush(pump));  // when it counts as unread
  CHECK(read_until(pipe.out, "\n").size() == 100'001);
}

TEST("the descriptor that was given stays as it is for those who share it") {
  Terminal terminal;
  Facts facts;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(terminal.slave.get());
  say(pump, sink, "Bye.");
  CHECK(read_until(terminal.master, "\n") == "Bye.\n");
  CHECK((fcntl(terminal.slave.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST("a reader that has gone ends nobody: all is discarded, and printers go on") {
  Facts facts;
  Pipe pipe;
  Terminal terminal;
  Pump pump(facts.post());
  const int to_pipe = pump.open_terminal(pipe.in.get()), to_terminal = pump.open_terminal(terminal.slave.get());
  const Fd out = run_of(pump, 1, to_pipe), other = run_of(pump, 2, to_terminal);
  say(pump, to_pipe, "Started", 1);
  say(pump, to_terminal, "Started", 2);
  REQUIRE(facts.flush(pump));
  pipe.out.reset();
  terminal.master.reset();
  CHECK(print(out, numbered(100'000)) && print(other, numbered(100'000)));
  say(pump, to_pipe, "Exited", 0, 1);
  say(pump, to_terminal, "Exited", 0, 2);
  CHECK(facts.flush(pump));
  CHECK(facts.lost() == 0);
}

TEST("lines of our own that wait for a blocked sink are bounded, and the oldest are dropped first") {
  Facts facts;
  Pipe pipe;
  Pump pump(facts.post());
  const int sink = pump.open_terminal(pipe.in.get());
  for (int i = 0; i < 100'000; ++i) say(pump, sink, "this is line number " + std::to_string(i));
  CHECK(facts.flush(pump));
  const std::string seen = read_at_last(pipe.out, pump, sink);
  CHECK(gaps(lines_of(seen), 100'000) == facts.lost());
}

TEST("a pipe that belongs to another user, and cannot be opened again, is written to without waiting") {
  if (geteuid() != 0) SKIP("needs root, to become somebody else");
  Pipe pipe;
  const pid_t other_user = fork();
  if (other_user == 0) {
    alarm(120);
    if (setresuid(65534, 65534, 65534) != 0) _exit(2);
    Facts facts;
    Pump pump(facts.post());
    const int sink = pump.open_terminal(pipe.in.get());
    const Fd out = run_of(pump, 1, sink);
    say(pump, sink, "Started", 1);
    const bool held_up = !print(out, numbered(100'000)) || !facts.flush(pump);
    const std::string seen = read_at_last(pipe.out, pump, sink, 1);
    _exit(!held_up && facts.lost() > 0 && gaps(unlabelled(seen), 100'000) == facts.lost() ? 0 : 1);
  }
  int status = 0;
  CHECK(waitpid(other_user, &status, 0) == other_user && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
