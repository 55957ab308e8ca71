#include "exit.h"

#include <csignal>
#include <ctime>
#include <string_view>
#include <utility>

namespace sentry {

namespace {

int64_t read_clock_ns(clockid_t clock) noexcept {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

int64_t micros(const timeval& t) noexcept { return int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; }

constexpr std::pair<const char*, int> kSignals[] = {
    {"SIGHUP", SIGHUP},       {"SIGINT", SIGINT},     {"SIGQUIT", SIGQUIT},     {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP},     {"SIGABRT", SIGABRT},   {"SIGBUS", SIGBUS},       {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL},     {"SIGUSR1", SIGUSR1},   {"SIGSEGV", SIGSEGV},     {"SIGUSR2", SIGUSR2},
    {"SIGPIPE", SIGPIPE},     {"SIGALRM", SIGALRM},   {"SIGTERM", SIGTERM},     {"SIGSTKFLT", SIGSTKFLT},
    {"SIGCHLD", SIGCHLD},     {"SIGCONT", SIGCONT},   {"SIGSTOP", SIGSTOP},     {"SIGTSTP", SIGTSTP},
    {"SIGTTIN", SIGTTIN},     {"SIGTTOU", SIGTTOU},   {"SIGURG", SIGURG},       {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},     {"SIGVTALRM", SIGVTALRM}, {"SIGPROF", SIGPROF},   {"SIGWINCH", SIGWINCH},
    {"SIGIO", SIGIO},         {"SIGPWR", SIGPWR},     {"SIGSYS", SIGSYS},
};

}  // namespace

Stamp now() noexcept {
  return {read_clock_ns(CLOCK_REALTIME) / 1000, read_clock_ns(CLOCK_MONOTONIC) / 1000};
}

// The wall clock may be set at any time, so the moment is told as seen from now: how long ago it was.
Stamp at_monotonic(int64_t mono_ns) noexcept {
  const int64_t ago_ns = read_clock_ns(CLOCK_MONOTONIC) - mono_ns;
  return {(read_clock_ns(CLOCK_REALTIME) - ago_ns) / 1000, mono_ns / 1000};
}

Exit decode_exit(const siginfo_t& status, const rusage& usage) noexcept {
  Exit exit;
  exit.pid = status.si_pid;
  if (status.si_code == CLD_EXITED) {
    exit.code = status.si_status;
  } else {
    exit.signal = status.si_status;
    exit.core_dumped = status.si_code == CLD_DUMPED;
  }
  exit.user_us = micros(usage.ru_utime);
  exit.system_us = micros(usage.ru_stime);
  exit.max_rss = int64_t{usage.ru_maxrss} * 1024;  // getrusage(2): kilobytes
  return exit;
}

Exit decode_exit(uint32_t wait_status) noexcept {
  const int status = static_cast<int>(wait_status);
  Exit exit;
  if (WIFEXITED(status)) {
    exit.code = WEXITSTATUS(status);
  } else {
    exit.signal = WTERMSIG(status);
    exit.core_dumped = WCOREDUMP(status);
  }
  return exit;
}

std::string signal_name(int signal) {
  for (const auto& [name, number] : kSignals)
    if (number == signal) return name;
  if (signal >= SIGRTMIN && signal <= SIGRTMAX)
    return signal == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
  return "SIG" + std::to_string(signal);
}

int signal_number(std::string_view wanted) noexcept {
  for (const auto& [name, number] : kSignals)
    if (wanted == name) return number;
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal)
    if (wanted == signal_name(signal)) return signal;
  return 0;
}

}  // namespace sentry
