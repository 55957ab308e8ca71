#include "pump.h"

#include <signal.h>

namespace sentry {

Pump::Pump(Post post, KeeperLink keeper) : output_(std::move(post), orders_, std::move(keeper)) {
  if (fault()) return;
  // A thread begins with the mask of the one that starts it: no signal ever runs a handler in it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { output_.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pump::~Pump() { end(); }

Pump::Left Pump::detach() {
  end();
  return output_.leave();
}

void Pump::end() {
  if (!thread_.joinable()) return;
  orders_.put(Ending{});
  thread_.join();
}

int Pump::add(Sink sink, int echo) {
  const int number = ++sinks_;
  orders_.put(Opening{number, std::move(sink), echo});
  return number;
}

int Pump::open_terminal(int fd, Format format) { return add(Sink::terminal(fd, format)); }

int Pump::open_nowhere() { return add(Sink::terminal(-1)); }

std::variant<int, Fault> Pump::open_file(LogFile file) {
  auto opened = Sink::file(file);
  if (auto* fault = std::get_if<Fault>(&opened)) return std::move(*fault);
  const int number = add(std::move(std::get<Sink>(opened)), file.echo);
  const std::lock_guard lock(files_mutex_);
  files_.push_back({number, std::move(file)});
  return number;
}

int Pump::open_tailed(int terminal, Fd tail) {
  const int number = ++sinks_;
  orders_.put(Tailing{number, terminal, Tail(std::move(tail))});
  return number;
}

std::vector<Fault> Pump::reopen_files(int& files) {
  const std::lock_guard lock(files_mutex_);
  std::vector<Fault> faults;
  for (const auto& [number, file] : files_) {
    auto opened = Sink::file(file);
    if (auto* fault = std::get_if<Fault>(&opened)) faults.push_back(std::move(*fault));
    else orders_.put(Reopening{number, std::move(std::get<Sink>(opened))});
  }
  files = static_cast<int>(files_.size() - faults.size());
  return faults;
}

void Pump::packed(int sink, Fd original, std::string packed) {
  orders_.put(Packing{sink, std::move(original), std::move(packed)});
}

void Pump::adopt(Intake intake) { orders_.put(std::move(intake)); }

void Pump::owe(int sink, std::string text) { orders_.put(Owing{sink, std::move(text)}); }

void Pump::say(Line line) { orders_.put(std::move(line)); }

void Pump::seen_lines(RunId run, int stream) { orders_.put(Seeing{run, stream}); }

void Pump::hush(RunId run) { orders_.put(Hushing{run}); }

void Pump::flush(int64_t token) { orders_.put(Flushing{token}); }

void Pump::hold_all() { orders_.put(Holding{}); }

}  // namespace sentry
