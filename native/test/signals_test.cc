#include "../signals.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

#include "check.h"

using namespace sentry;

namespace {

// Waits for the next one.
SignalFact next(Signals& signals) {
  SignalFact fact{};
  while (!signals.next(fact)) {
    pollfd readable{signals.fd(), POLLIN, 0};
    poll(&readable, 1, -1);
  }
  return fact;
}

bool quiet(Signals& signals) {
  SignalFact fact{};
  return !signals.next(fact);
}

int wait_for(int pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

// Runs `body` as the leader of a session on a terminal of its own, and returns the terminal's other end and the pid.
template <class Body>
std::pair<Fd, int> on_terminal(Body body) {
  int master = -1;
  const int pid = forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) _exit(body());
  return {Fd{master}, pid};
}

}  // namespace

TEST("each of the five is told with its sender and the moment") {
  auto taken = Signals::take();
  auto* signals = std::get_if<Signals>(&taken);
  REQUIRE(signals != nullptr);
  for (const int signal : Signals::kTaken) {
    const int64_t before = now().mono_us;
    const int sender = fork();
    if (sender == 0) _exit(kill(getppid(), signal));
    const SignalFact fact = next(*signals);
    CHECK(fact.signal == signal && fact.pid == sender && fact.uid == static_cast<int>(getuid()));
    CHECK(!fact.from_kernel && fact.at.mono_us >= before && fact.at.mono_us <= now().mono_us);
    wait_for(sender);
  }
  CHECK(quiet(*signals));
}

TEST("signals are told in the order in which they came") {
  auto taken = Signals::take();
  auto& signals = std::get<Signals>(taken);
  for (int i = 0; i < 100; ++i) raise(i % 2 == 0 ? SIGUSR1 : SIGUSR2);
  for (int i = 0; i < 100; ++i) CHECK(next(signals).signal == (i % 2 == 0 ? SIGUSR1 : SIGUSR2));
  CHECK(quiet(signals));
}

TEST("a full pipe loses no signal, and leaves errno alone: what does not fit is told once per number") {
  auto taken = Signals::take();
  auto& signals = std::get<Signals>(taken);
  const int size = fcntl(signals.fd(), F_GETPIPE_SZ);
  const int fit = size / static_cast<int>(sizeof(SignalFact));
  for (int i = 0; i < fit + 10; ++i) raise(SIGHUP);
  raise(SIGTERM);
  errno = E2BIG;
  raise(SIGTERM);
  CHECK(errno == E2BIG);
  int hups = 0;
  SignalFact fact = next(signals);
  for (; fact.signal == SIGHUP && fact.uid >= 0; fact = next(signals)) ++hups;
  CHECK(hups > fit / 2 && hups <= fit);
  CHECK(fact.signal == SIGHUP && fact.pid == 0 && fact.uid == -1);
  fact = next(signals);
  CHECK(fact.signal == SIGTERM && fact.uid == -1);
  CHECK(quiet(signals));
  raise(SIGTERM);
  CHECK(next(signals).pid == getpid());
}

TEST("signals to many threads at once are all told") {
  auto taken = Signals::take();
  auto& signals = std::get<Signals>(taken);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 250; ++n) pthread_kill(pthread_self(), SIGUSR1);
    });
  }
  for (int i = 0; i < 1000; ++i) CHECK(next(signals).signal == SIGUSR1);
  threads.clear();
  CHECK(quiet(signals));
}

TEST("a signal that was left blocked is unblocked") {
  const int pid = fork();
  if (pid == 0) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    raise(SIGTERM);
    auto taken = Signals::take();
    _exit(next(std::get<Signals>(taken)).signal == SIGTERM ? 0 : 1);
  }
  CHECK(wait_for(pid) == 0);
}

TEST("the former dispositions are put back, and it can be taken once more") {
  ::signal(SIGHUP, SIG_IGN);
  for (int i = 0; i < 2; ++i) {
    auto taken = Signals::take();
    REQUIRE(std::holds_alternative<Signals>(taken));
    auto twice = Signals::take();
    CHECK(std::holds_alternative<Fault>(twice) && std::get<Fault>(twice).error == EBUSY);
    raise(SIGHUP);
    CHECK(next(std::get<Signals>(taken)).signal == SIGHUP);
  }
  struct sigaction found{};
  sigaction(SIGHUP, nullptr, &found);
  CHECK(found.sa_handler == SIG_IGN);
  sigaction(SIGTERM, nullptr, &found);
  CHECK(found.sa_handler == SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
}

TEST("it can be let go of while signals are raining") {
  ::signal(SIGUSR1, SIG_IGN);
  std::atomic<bool> over{false};
  std::jthread rain([&] {
    while (!over) kill(getpid(), SIGUSR1);
  });
  for (int i = 0; i < 200; ++i) {
    auto taken = Signals::take();
    CHECK(next(std::get<Signals>(taken)).signal == SIGUSR1);
  }
  over = true;
  rain.join();
  ::signal(SIGUSR1, SIG_DFL);
}

TEST("Ctrl-C at the terminal comes from the kernel") {
  auto [terminal, pid] = on_terminal([] {
    auto taken = Signals::take();
    auto& signals = std::get<Signals>(taken);
    if (write(STDOUT_FILENO, "ready", 5) != 5) return 2;
    const SignalFact fact = next(signals);
    return fact.signal == SIGINT && fact.from_kernel && fact.pid == 0 && !signals.terminal_gone() ? 0 : 1;
  });
  char ready[5];
  REQUIRE(read(terminal.get(), ready, sizeof ready) == 5);
  REQUIRE(write(terminal.get(), "\x03", 1) == 1);
  CHECK(wait_for(pid) == 0);
}

TEST("a terminal that is closed is gone when the hangup is told, and is there when a request to reload is") {
  auto [terminal, pid] = on_terminal([] {
    auto taken = Signals::take();
    auto& signals = std::get<Signals>(taken);
    if (signals.terminal_gone()) return 2;
    raise(SIGHUP);
    if (next(signals).from_kernel || signals.terminal_gone()) return 3;
    if (write(STDOUT_FILENO, "ready", 5) != 5) return 4;
    const SignalFact fact = next(signals);
    return fact.signal == SIGHUP && fact.from_kernel && signals.terminal_gone() ? 0 : 1;
  });
  char ready[5];
  REQUIRE(read(terminal.get(), ready, sizeof ready) == 5);
  terminal.reset();
  CHECK(wait_for(pid) == 0);
}

TEST("a hangup that a shell passes on comes from the shell, with the terminal gone") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd results{ends[0]};
  Fd result{ends[1]};
  auto [terminal, pid] = on_terminal([&] {
    // The shell. It waits for the hangup with the signal blocked, so that one which comes early is not missed.
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, nullptr);
    const int job = fork();
    if (job == 0) {
      setpgid(0, 0);  // in the background: the terminal itself tells it nothing
      auto taken = Signals::take();
      auto& signals = std::get<Signals>(taken);
      if (write(STDOUT_FILENO, "ready", 5) != 5) _exit(2);
      const SignalFact fact = next(signals);
      const char well = fact.signal == SIGHUP && fact.pid == getppid() && signals.terminal_gone() ? 'y' : 'n';
      _exit(write(result.get(), &well, 1) == 1 ? 0 : 3);
    }
    int came = 0;
    sigwait(&hangup, &came);  // until the terminal goes
    kill(job, SIGHUP);
    return wait_for(job);
  });
  result.reset();
  char ready[5];
  REQUIRE(read(terminal.get(), ready, sizeof ready) == 5);
  terminal.reset();
  char well = 0;
  CHECK(read(results.get(), &well, 1) == 1 && well == 'y');
  wait_for(pid);
}

TEST("who never had a terminal has not lost one") {
  const int pid = fork();
  if (pid == 0) {
    setsid();
    auto taken = Signals::take();
    _exit(std::get<Signals>(taken).terminal_gone() ? 1 : 0);
  }
  CHECK(wait_for(pid) == 0);
}
