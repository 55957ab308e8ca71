#include "signals.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <type_traits>
#include <utility>

namespace sentry {

namespace {

static_assert(std::is_trivially_copyable_v<SignalFact>, "a record is a SignalFact's bytes");

// All that the handler knows. Lock-free atomics are async-signal-safe.
std::atomic<int> pipe_end{-1};      // where it writes; -1 while nothing is taken
std::atomic<int> running{0};        // handlers at work, in all threads
std::atomic<uint32_t> overflow{0};  // a bit per signal that found the pipe full
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

bool write_record(int fd, const SignalFact& record) noexcept {
  return write(fd, &record, sizeof record) == static_cast<ssize_t>(sizeof record);
}

void on_signal(int signal, siginfo_t* from, void*) {
  const int saved_errno = errno;
  ++running;
  if (const int fd = pipe_end; fd >= 0) {
    // Only these codes say that a process sent it, and carry its pid. sigaction(2).
    const bool sent = from->si_code == SI_USER || from->si_code == SI_QUEUE || from->si_code == SI_TKILL;
    const SignalFact record{signal, sent ? from->si_pid : 0, sent ? static_cast<int>(from->si_uid) : -1,
                            from->si_code > 0, now()};
    if (!write_record(fd, record)) {
      overflow |= 1u << signal;
      // The reader may have emptied the pipe, and looked for the bit, just before it was set: wake it once more.
      write_record(fd, SignalFact{});
    }
  }
  --running;
  errno = saved_errno;
}

Fd open_terminal() noexcept { return Fd{open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)}; }

}  // namespace

Signals::Signals(Fd read_end, Fd write_end) noexcept
    : read_end_(std::move(read_end)), write_end_(std::move(write_end)), had_terminal_(open_terminal()) {}

std::variant<Signals, Fault> Signals::take() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Fault{"signals", errno, "pipe"};
  Signals signals{Fd{ends[0]}, Fd{ends[1]}};
  int nobody = -1;
  if (!pipe_end.compare_exchange_strong(nobody, ends[1])) {
    signals.read_end_.reset();  // nothing is taken, so nothing is put back
    return Fault{"signals", EBUSY, "already taken"};
  }
  overflow = 0;

  struct sigaction action{};
  action.sa_sigaction = on_signal;
  // RESTART: the handler runs in threads of libuv and V8 that do not expect EINTR. ONSTACK: and in threads that
  // keep a small stack and a signal stack beside it, which libraries may have started.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : kTaken) sigaddset(&taken, signal);
  action.sa_mask = taken;
  for (size_t i = 0; i < kTaken.size(); ++i) sigaction(kTaken[i], &action, &signals.previous_[i]);
  // Whoever started this process may have left them blocked, and a blocked SIGTERM would never arrive. After an exec
  // they are kept blocked, until now, by preload.c.
  if (void* let = dlsym(RTLD_DEFAULT, "sentry_let_signals_through")) reinterpret_cast<void (*)()>(let)();
  pthread_sigmask(SIG_UNBLOCK, &taken, nullptr);
  return signals;
}

void Signals::pass_on() const noexcept {
  SignalFact note{};
  note.terminal_gone = had_terminal_;
  write_record(write_end_.get(), note);
}

std::vector<SignalFact> Signals::inherit(Fd pipe, size_t record_bytes) {
  std::vector<SignalFact> waiting;
  if (record_bytes != kRecordBytes) return waiting;
  SignalFact fact;
  for (ssize_t got; (got = read(pipe.get(), &fact, sizeof fact)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof fact)) break;
    if (fact.signal != 0) waiting.push_back(fact);
    else if (fact.terminal_gone) had_terminal_ = true;  // pass_on()
  }
  for (SignalFact& each : waiting) each.terminal_gone = each.signal == SIGHUP && terminal_gone();
  return waiting;
}

Signals::~Signals() {
  if (!read_end_) return;
  for (size_t i = 0; i < kTaken.size(); ++i) sigaction(kTaken[i], &previous_[i], nullptr);
  pipe_end = -1;
  // A handler that read the number before must not write to whatever gets it next. It is a few instructions long.
  while (running > 0) sched_yield();
}

bool Signals::next(SignalFact& fact) noexcept {
  for (;;) {
    const ssize_t got = read(read_end_.get(), &fact, sizeof fact);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof fact)) break;
    if (fact.signal != 0) return true;
  }
  const uint32_t full = overflow;
  if (full == 0) return false;
  const int signal = std::countr_zero(full);
  overflow &= ~(1u << signal);
  fact = {signal, 0, -1, false, now()};
  return true;
}

bool Signals::terminal_gone() const noexcept {
  if (!had_terminal_ || open_terminal()) return false;
  return errno == ENXIO || errno == EIO;  // tty(4): ENXIO without one; EIO while it is being hung up
}

}  // namespace sentry
